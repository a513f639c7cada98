// SPDX-License-Identifier: Apache-2.0
// nibble as a library: every command of the program as a function from options to a result that is plain data. What goes wrong is thrown
// as nibble::Error (nibble/error.h). Commands may run at the same time on several threads, each with its own Progress. What concerns the
// whole process: the locations (nibble/locations.h), the limits of files from elsewhere (nibble/limits.h), and the threads that LibTorch
// computes with, which the latest command that calibrates or trains sets.
#pragma once
#include "nibble/calibration.h"
#include "nibble/clean.h"
#include "nibble/compare.h"
#include "nibble/detect.h"
#include "nibble/doctor.h"
#include "nibble/error.h"
#include "nibble/evaluate.h"
#include "nibble/export.h"
#include "nibble/inspect.h"
#include "nibble/intervals.h"
#include "nibble/limits.h"
#include "nibble/locations.h"
#include "nibble/options.h"
#include "nibble/predict.h"
#include "nibble/profile.h"
#include "nibble/progress.h"
#include "nibble/quantize.h"
#include "nibble/recipes.h"
#include "nibble/replay.h"
#include "nibble/report.h"
#include "nibble/run.h"
#include "nibble/target.h"
#include "nibble/task.h"
#include "nibble/verdict.h"
#include "nibble/verify.h"
#include "nibble/version.h"

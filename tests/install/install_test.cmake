# SPDX-License-Identifier: Apache-2.0
# Installs BUILD into a scratch folder, moves it, builds SOURCE/examples against it as a stranger would, with the warnings a careful stranger
# asks for, and runs both programs on what comes with nibble.
set(scratch ${BUILD}/install_test)
set(prefix ${scratch}/prefix)
file(REMOVE_RECURSE ${scratch})

# run(WHAT COMMAND...): its output is in `output`; a failure ends the test.
function(run what)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE text ERROR_VARIABLE text COMMAND_ECHO STDOUT)
  message("${text}")
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "${what}: exit code ${code}")
  endif()
  set(output "${text}" PARENT_SCOPE)
endfunction()

function(expect pattern)
  if(NOT output MATCHES "${pattern}")
    message(FATAL_ERROR "expected ${pattern}")
  endif()
endfunction()

run("install" ${CMAKE_COMMAND} --install ${BUILD} --prefix ${scratch}/first)
file(RENAME ${scratch}/first ${prefix})  # nothing may depend on where it was installed
file(GLOB_RECURSE headers RELATIVE ${SOURCE}/include ${SOURCE}/include/*.h)
foreach(header IN LISTS headers)
  if(NOT EXISTS ${prefix}/include/${header})
    message(FATAL_ERROR "not installed: ${header}")
  endif()
endforeach()

set(flags "${FLAGS} -Wall -Wextra -Wpedantic -Werror")
if(SANITIZE)
  string(APPEND flags " -fsanitize=${SANITIZE}")
endif()
# Headers of an imported package are system headers by default, whose warnings nobody sees.
run("configure" ${CMAKE_COMMAND} -S ${SOURCE}/examples -B ${scratch}/examples -DCMAKE_PREFIX_PATH=${prefix} -DCMAKE_CXX_COMPILER=${COMPILER}
  "-DCMAKE_CXX_FLAGS=${flags}" -DCMAKE_NO_SYSTEM_FROM_IMPORTED=ON)
run("build" ${CMAKE_COMMAND} --build ${scratch}/examples)

# Rounding to nearest on one small image: the shortest way to a file.
file(WRITE ${scratch}/near.yaml "name: near\nweights: {bits: 4, rounding: nearest}\nactivations: {bits: 8}\n")
run("quantise_and_score" ${scratch}/examples/quantise_and_score ${prefix}/share/nibble/assets/yolov10n.pt ${scratch}/files
  ${scratch}/near.yaml 1 2)
expect("recipe near: [0-9]+ layers quantised")
expect("the same integers")
expect("yolov10n-near-qcdq-ptq-opt.onnx: mAP 50-95 0[.][0-9]+ on 2 images")
file(GLOB images ${prefix}/share/nibble/assets/coco/val2017/*.jpg)
list(GET images 0 1 images)
run("detect" ${scratch}/examples/detect ${scratch}/files/yolov10n-near-qcdq-ptq-opt.onnx ${images})
expect("\n  [a-z0-9 ]+ +0[.][0-9]+  left [0-9]+ top [0-9]+ width [0-9]+ height [0-9]+ px\n")
execute_process(COMMAND ${scratch}/examples/detect ${scratch}/no.onnx ${images} RESULT_VARIABLE code ERROR_VARIABLE output)
if(NOT code EQUAL 3)
  message(FATAL_ERROR "a missing file: exit code ${code} instead of 3: ${output}")
endif()
expect("no.onnx")

# The program of the same tree, which reads no file of the build folder or the source tree.
run("doctor" ${prefix}/bin/nibble doctor)
expect("${prefix}/lib/nibble/libonnxruntime")

find_program(pkg_config pkg-config)
if(pkg_config)
  run("pkg-config" ${CMAKE_COMMAND} -E env PKG_CONFIG_PATH=${prefix}/lib/pkgconfig ${pkg_config} --modversion nibble)
  expect("${VERSION}")
endif()
file(REMOVE_RECURSE ${scratch})

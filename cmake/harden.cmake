# SPDX-License-Identifier: Apache-2.0
# What keeps a fault in a reader of untrusted bytes from becoming code of the sender's, as Debian's hardening=+all has it.
# tests/hardening reads it off the built files.
# Everything: addresses are bound before the program starts and read-only from then on; no stack holds code; programs lie at random
# addresses.
add_link_options(LINKER:-z,relro,-z,now,-z,noexecstack)
include(CheckPIESupported)
check_pie_supported(LANGUAGES CXX)

# nibble_hardening: what is shipped, not the tests. The checks of _FORTIFY_SOURCE need optimisation, and the sanitizers have their own.
add_library(nibble_hardening INTERFACE)
if(NOT NIBBLE_SANITIZE)
  target_compile_options(nibble_hardening INTERFACE -fstack-protector-strong $<$<CONFIG:Release>:-U_FORTIFY_SOURCE>
    $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2>)
endif()

# nibble_search_path(TARGET PATH...): where the file looks for libraries, in the build folder and installed. CMake would write another
# path for the build folder and fill it up with colons; an empty entry beside a colon is the current directory, which may be anybody's.
function(nibble_search_path target)
  set_target_properties(${target} PROPERTIES BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH "${ARGN}")
endfunction()

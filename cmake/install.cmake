# SPDX-License-Identifier: Apache-2.0
# Component runtime: bin/nibble, lib/libnibble.so.*, lib/nibble/ (libnibble_base.so, loadable modules, ONNX Runtime), share/nibble/ (recipes,
# the embedded default), share/doc/nibble/. Component development: include/nibble/, lib/libnibble.so, lib/cmake/nibble/, lib/pkgconfig/.
# The folders are fixed, and the tree may be moved as a whole: everything is found from lib/nibble (base/library_folder.h).
include(CMakePackageConfigHelpers)
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME runtime)
nibble_search_path(nibble "$ORIGIN" "$ORIGIN/../lib" "$ORIGIN/../lib/nibble")
nibble_search_path(nibble_library "$ORIGIN" "$ORIGIN/nibble")
nibble_search_path(nibble_torch "$ORIGIN")
nibble_search_path(nibble_image "$ORIGIN")
if(TORCH_WHEEL)  # a LibTorch outside the system's folders
  set_property(TARGET nibble_torch APPEND PROPERTY INSTALL_RPATH ${TORCH_WHEEL}/lib)
endif()
install(TARGETS nibble RUNTIME DESTINATION bin)
install(TARGETS nibble_library LIBRARY DESTINATION lib NAMELINK_COMPONENT development)
install(TARGETS nibble_base nibble_torch nibble_image LIBRARY DESTINATION lib/nibble)
install(DIRECTORY recipes assets DESTINATION share/nibble)
install(FILES LICENSE third_party.txt DESTINATION share/doc/nibble)

# nibble.spdx.json and licences/: made when installing, for they tell of the files that are built (cmake/sbom.cmake). `sbom` makes them in
# the build folder.
set(NIBBLE_SBOM ${PROJECT_BINARY_DIR}/sbom)
set(sbom_command ${CMAKE_COMMAND} -DSOURCE=${PROJECT_SOURCE_DIR} -DVERSION=${PROJECT_VERSION} -DORT_INCLUDE=${ORT_INCLUDE_DIR} -DOUT=${NIBBLE_SBOM})
set(sbom_files "$<TARGET_FILE:nibble>")
foreach(target nibble_library nibble_base nibble_torch nibble_image)
  string(APPEND sbom_files "$<SEMICOLON>$<TARGET_FILE:${target}>")
endforeach()
list(APPEND sbom_command "-DFILES=${sbom_files}" -P ${PROJECT_SOURCE_DIR}/cmake/sbom.cmake)
add_custom_target(sbom COMMAND ${sbom_command} VERBATIM)
add_dependencies(sbom nibble nibble_library nibble_base nibble_torch nibble_image)
list(TRANSFORM sbom_command REPLACE "(.+)" "[==[\\1]==]")
list(JOIN sbom_command " " sbom_command)
install(CODE "execute_process(COMMAND ${sbom_command} COMMAND_ERROR_IS_FATAL ANY)")
install(DIRECTORY ${NIBBLE_SBOM}/ DESTINATION share/doc/nibble)

install(DIRECTORY include/nibble DESTINATION include COMPONENT development FILES_MATCHING PATTERN "*.h")
install(DIRECTORY examples DESTINATION share/doc/nibble COMPONENT development)
configure_package_config_file(cmake/nibbleConfig.cmake.in ${PROJECT_BINARY_DIR}/nibbleConfig.cmake INSTALL_DESTINATION lib/cmake/nibble
  NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/nibbleConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/nibbleConfig.cmake ${PROJECT_BINARY_DIR}/nibbleConfigVersion.cmake DESTINATION lib/cmake/nibble
  COMPONENT development)
configure_file(cmake/nibble.pc.in ${PROJECT_BINARY_DIR}/nibble.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/nibble.pc DESTINATION lib/pkgconfig COMPONENT development)

# The runtime that setup fetched; one named by -DORT_LIBRARY stays where it is.
set(NIBBLE_OWN_ORT ${PROJECT_SOURCE_DIR}/third_party/onnxruntime/lib)
cmake_path(GET ORT_LIBRARY PARENT_PATH NIBBLE_ORT_FOLDER)
if(NIBBLE_ORT_FOLDER STREQUAL NIBBLE_OWN_ORT)
  install(DIRECTORY ${NIBBLE_OWN_ORT}/ DESTINATION lib/nibble FILES_MATCHING PATTERN "*.so*")
  install(FILES ${NIBBLE_OWN_ORT}/LICENSE ${NIBBLE_OWN_ORT}/ThirdPartyNotices.txt DESTINATION share/doc/nibble/onnxruntime)
endif()
include(cmake/package.cmake)

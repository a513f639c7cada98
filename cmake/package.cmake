# SPDX-License-Identifier: Apache-2.0
# make deb: packages nibble (what runs) and libnibble-dev (headers and CMake package) for Debian 12. The dependencies are those that
# dpkg-shlibdeps reads off the libraries. scripts/package.sh makes the bytes the same each time
# (tests/install/package_test.cmake).
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME nibble)
set(CPACK_PACKAGE_VENDOR nibble)
set(CPACK_PACKAGE_CONTACT "the nibble authors <nibble@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "YOLO detectors in 4 bits")
set(CPACK_PACKAGE_DESCRIPTION "Reads Ultralytics YOLO checkpoints, writes ONNX files with 4-bit weights, and proves on COCO images in ONNX
Runtime, which is included, that they still detect.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL runtime development)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR} ${NIBBLE_OWN_ORT})
set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME nibble)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION science)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_DEPENDS libopenblas0-openmp)  # several times as fast as the BLAS that LibTorch is content with
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libnibble-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "nibble (= ${PROJECT_VERSION})")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "nibble as a library: headers, CMake package, pkg-config file and examples.")
include(CPack)

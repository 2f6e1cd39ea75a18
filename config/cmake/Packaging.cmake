# What is installed where (`cmake --install build/release --prefix DIR`), and Debian packages of it (tools/package). A component is a
# package: the broker, the operator's command, the demo, and the clients of the chat contract apart.
include(GNUInstallDirs)
set(package_dir "${CMAKE_SOURCE_DIR}/config/package")

# -- pages printed by the command from its own tables ---------------------------------------------------------------
set(pages_dir "${CMAKE_BINARY_DIR}/pages")
add_custom_command(OUTPUT "${pages_dir}/printed"
  COMMAND ${CMAKE_COMMAND} -DCOMMAND=$<TARGET_FILE:causeway> -DTO=${pages_dir} -P ${CMAKE_SOURCE_DIR}/config/cmake/print_pages.cmake
  COMMAND ${CMAKE_COMMAND} -E touch "${pages_dir}/printed"
  DEPENDS causeway "${CMAKE_SOURCE_DIR}/config/cmake/print_pages.cmake"
  VERBATIM)
add_custom_target(manual_pages ALL DEPENDS "${pages_dir}/printed")

# -- the operator's command: also for a machine without a broker, where a support archive is read ---------------------
install(TARGETS causeway RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT tools)
install(DIRECTORY "${pages_dir}/man1" DESTINATION ${CMAKE_INSTALL_MANDIR} COMPONENT tools)
install(DIRECTORY "${pages_dir}/bash-completion" "${pages_dir}/zsh" "${pages_dir}/fish" DESTINATION ${CMAKE_INSTALL_DATADIR} COMPONENT tools)

# -- broker ----------------------------------------------------------------------------------------------------------
install(TARGETS causewayd RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT broker)
install(FILES "${package_dir}/causewayd.8" DESTINATION ${CMAKE_INSTALL_MANDIR}/man8 COMPONENT broker)
install(DIRECTORY "${pages_dir}/man5" DESTINATION ${CMAKE_INSTALL_MANDIR} COMPONENT broker)
install(FILES "${package_dir}/causeway.sysusers" DESTINATION lib/sysusers.d RENAME causeway.conf COMPONENT broker)
install(FILES CHANGELOG.md LICENSE LOG_LINES.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT broker)
install(DIRECTORY config/manual DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT broker FILES_MATCHING PATTERN "*.md")
install(DIRECTORY config/proxy config/monitoring DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT broker)
# Unit and example stand where the prefix says, which is known only when it is installed.
set(CAUSEWAY_SOURCE_CONFIG "${CMAKE_SOURCE_DIR}/config")
configure_file(config/cmake/install_system_files.cmake.in "${CMAKE_BINARY_DIR}/install_system_files.cmake" @ONLY)
install(SCRIPT "${CMAKE_BINARY_DIR}/install_system_files.cmake" COMPONENT broker)

# -- demo ------------------------------------------------------------------------------------------------------------
install(DIRECTORY tools/demo DESTINATION ${CMAKE_INSTALL_DATADIR}/causeway COMPONENT demo
  PATTERN "__pycache__" EXCLUDE)

# -- clients ---------------------------------------------------------------------------------------------------------
install(TARGETS causeway_client causeway_messages ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT client_cpp)
install(FILES tools/clients/cpp/causeway_client.hpp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/causeway COMPONENT client_cpp)
install(DIRECTORY messages DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/causeway COMPONENT client_cpp
  FILES_MATCHING PATTERN "*.hpp")
configure_file(config/package/causeway-client.pc.in "${CMAKE_BINARY_DIR}/causeway-client.pc" @ONLY)
install(FILES "${CMAKE_BINARY_DIR}/causeway-client.pc" DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT client_cpp)
install(FILES tools/clients/cpp/README.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libcauseway-client-dev COMPONENT client_cpp)
set(CAUSEWAY_PYTHON_DIR lib/python3/dist-packages CACHE STRING "Where the Python client is installed, below the prefix")
install(DIRECTORY tools/clients/python/causeway_client DESTINATION ${CAUSEWAY_PYTHON_DIR} COMPONENT client_python
  PATTERN "__pycache__" EXCLUDE)
install(FILES tools/clients/python/README.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/python3-causeway COMPONENT client_python)

# -- Debian ----------------------------------------------------------------------------------------------------------
# A package holds for the release of Debian it was built on: names and versions of libraries differ. Its revision says which.
set(CAUSEWAY_MAINTAINER "Causeway maintainers <maintainers@causeway.example>" CACHE STRING "Maintainer of the Debian packages")
set(debian_release "")
if(EXISTS /etc/os-release)
  file(STRINGS /etc/os-release debian_release REGEX "^VERSION_ID=")
  string(REGEX REPLACE "[^0-9]" "" debian_release "${debian_release}")
endif()
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME causeway)
set(CPACK_PACKAGE_VENDOR Causeway)
set(CPACK_PACKAGE_CONTACT "${CAUSEWAY_MAINTAINER}")
# Relative places go below /usr, /etc stays what it is.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL broker tools demo client_cpp client_python)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE "2+deb${debian_release}")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_PRE_BUILD_SCRIPTS "${CMAKE_SOURCE_DIR}/config/cmake/debian_documents.cmake")
set(CPACK_CAUSEWAY_DEBIAN "${package_dir}/debian") # for that script

# causeway_package(component name section description KEY value...): what its control file says.
function(causeway_package component name section description)
  string(TOUPPER ${component} id)
  set(CPACK_DEBIAN_${id}_PACKAGE_NAME ${name} PARENT_SCOPE)
  set(CPACK_DEBIAN_${id}_PACKAGE_SECTION ${section} PARENT_SCOPE)
  set(CPACK_DEBIAN_${id}_DESCRIPTION "${description}" PARENT_SCOPE)
  set(scripts "")
  foreach(script postinst prerm postrm conffiles)
    if(EXISTS "${package_dir}/debian/${name}.${script}")
      configure_file("${package_dir}/debian/${name}.${script}" "${CMAKE_BINARY_DIR}/debian/${name}/${script}" COPYONLY)
      list(APPEND scripts "${CMAKE_BINARY_DIR}/debian/${name}/${script}")
    endif()
  endforeach()
  set(CPACK_DEBIAN_${id}_PACKAGE_CONTROL_EXTRA "${scripts}" PARENT_SCOPE)
  while(ARGN)
    list(POP_FRONT ARGN key value)
    set(CPACK_DEBIAN_${id}_PACKAGE_${key} "${value}" PARENT_SCOPE)
  endwhile()
endfunction()

causeway_package(broker causeway net
  "Matrix federation broker of a chat server\nLets a chat server take part in the Matrix federation without becoming a\nMatrix server itself.\n.\nThis package has the broker, causewayd."
  SHLIBDEPS ON
  DEPENDS "causeway-tools (= ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}), ca-certificates, systemd | systemd-standalone-sysusers | systemd-sysusers"
  SUGGESTS "causeway-demo, nginx | caddy, postgresql")
# Of the same version: what the command and the broker say to each other is no public contract.
causeway_package(tools causeway-tools net
  "Matrix federation broker of a chat server - operator's command\nThe command causeway: what a broker does, why something is late, and what\ncan be done about it. It also reads the support archive of a broker that\nruns elsewhere."
  SHLIBDEPS ON
  # Until then these files were in causeway.
  BREAKS "causeway (<< ${PROJECT_VERSION}-2)"
  REPLACES "causeway (<< ${PROJECT_VERSION}-2)")
causeway_package(demo causeway-demo net
  "Matrix federation broker of a chat server - demonstration\nTwo brokers and two small chat servers on one machine, in the terminal or\nin a browser: `causeway demo`."
  ARCHITECTURE all
  DEPENDS "causeway (>= ${PROJECT_VERSION}), python3, python3-causeway (>= ${PROJECT_VERSION}), python3-nacl, openssl"
  SUGGESTS "postgresql")
causeway_package(client_cpp libcauseway-client-dev libdevel
  "Matrix federation broker of a chat server - C++ client\nHeaders and static library with which a chat server in C++ speaks the\nchat contract of Causeway."
  DEPENDS "libzmq3-dev, libsodium-dev, libssl-dev, libmsgpack-cxx-dev")
causeway_package(client_python python3-causeway python
  "Matrix federation broker of a chat server - Python client\nThe module causeway_client, with which a chat server in Python speaks the\nchat contract of Causeway."
  ARCHITECTURE all
  DEPENDS "python3 (>= 3.11), python3-zmq, python3-msgpack")
include(CPack)

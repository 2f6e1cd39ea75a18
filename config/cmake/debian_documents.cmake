# Run by cpack between installing and packing: what Debian wants in every package beside its files. Components lie in folders of their
# names below CPACK_TEMPORARY_DIRECTORY.
function(compress)
  execute_process(COMMAND gzip -9nf ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

set(CAUSEWAY_MAINTAINER "${CPACK_PACKAGE_CONTACT}")
set(CAUSEWAY_DEB_VERSION "${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}")
string(TIMESTAMP CAUSEWAY_DEB_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)
foreach(component ${CPACK_COMPONENTS_ALL})
  string(TOUPPER ${component} id)
  set(at "${CPACK_TEMPORARY_DIRECTORY}/${component}/usr/share")
  set(documents "${at}/doc/${CPACK_DEBIAN_${id}_PACKAGE_NAME}")
  file(MAKE_DIRECTORY "${documents}")
  configure_file("${CPACK_CAUSEWAY_DEBIAN}/copyright" "${documents}/copyright" COPYONLY)
  configure_file("${CPACK_CAUSEWAY_DEBIAN}/changelog.in" "${documents}/changelog.Debian" @ONLY)
  compress("${documents}/changelog.Debian")
  file(REMOVE "${documents}/LICENSE") # stands in the distribution's common licenses
  file(GLOB pages "${at}/man/man*/*[0-9]")
  if(pages)
    compress(${pages})
  endif()
  if(EXISTS "${documents}/CHANGELOG.md")
    file(RENAME "${documents}/CHANGELOG.md" "${documents}/changelog") # where Debian looks for it
    compress("${documents}/changelog")
  endif()
  # As folders and files of a package have to be, whatever the umask was.
  execute_process(COMMAND chmod -R u=rwX,go=rX "${CPACK_TEMPORARY_DIRECTORY}/${component}" COMMAND_ERROR_IS_FATAL ANY)
endforeach()

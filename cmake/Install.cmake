# `cmake --install build --prefix X`: programs, graphs, resources, desktop file and icon. LibTorch is not copied: the
# runner keeps the path to the one it was built with.
include(GNUInstallDirs)
set(NOISELOOM_SHARE "${CMAKE_INSTALL_DATADIR}/noiseloom")  # where both programs look: ../share/noiseloom

set_target_properties(noiseloom PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
install(TARGETS noiseloom RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT runner)
# Beside the build's programs; loaded when they are needed, where they are.
install(FILES "${CMAKE_BINARY_DIR}/libnoiseloom_opencv.so" DESTINATION lib/noiseloom OPTIONAL)
install(FILES "${CMAKE_BINARY_DIR}/libnoiseloom_cuda.so" DESTINATION lib OPTIONAL)

install(DIRECTORY "${CMAKE_SOURCE_DIR}/graphs" DESTINATION "${NOISELOOM_SHARE}" PATTERN parity EXCLUDE)
install(DIRECTORY "${CMAKE_SOURCE_DIR}/resources" DESTINATION "${NOISELOOM_SHARE}")
install(FILES "${CMAKE_SOURCE_DIR}/LICENSE" "${CMAKE_SOURCE_DIR}/cmake/licences.md"
  DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/noiseloom")

if(NOISELOOM_EDITOR)
  # Optional: a build of the runner alone can be installed too.
  install(TARGETS noiseloom-editor RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" OPTIONAL)
  set(desktop "${CMAKE_SOURCE_DIR}/resources/desktop")
  install(FILES "${desktop}/noiseloom-editor.desktop" DESTINATION "${CMAKE_INSTALL_DATADIR}/applications")
  install(FILES "${desktop}/noiseloom.svg" DESTINATION "${CMAKE_INSTALL_DATADIR}/icons/hicolor/scalable/apps")
  install(FILES "${desktop}/noiseloom.png" DESTINATION "${CMAKE_INSTALL_DATADIR}/icons/hicolor/256x256/apps")
  install(FILES "${desktop}/noiseloom.xml" DESTINATION "${CMAKE_INSTALL_DATADIR}/mime/packages")
endif()

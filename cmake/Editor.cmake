# How the editor's targets are declared: one library a folder, without Torch, sharing one precompiled header.
add_library(noiseloom_editor_pch OBJECT "${CMAKE_SOURCE_DIR}/cmake/editor_pch.cpp")
target_link_libraries(noiseloom_editor_pch PRIVATE Qt6::Widgets nlohmann_json::nlohmann_json)
target_compile_definitions(noiseloom_editor_pch PRIVATE QT_NO_KEYWORDS)
target_precompile_headers(noiseloom_editor_pch PRIVATE "${CMAKE_SOURCE_DIR}/cmake/editor_pch.h")

# noiseloom_editor_library(name SOURCES a.cpp ... LINK libs...): headers that hold Q_OBJECT are found by AUTOMOC.
function(noiseloom_editor_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK;LINK_PRIVATE" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  noiseloom_settings(${name})
  set_target_properties(${name} PROPERTIES AUTOMOC ON)
  target_compile_definitions(${name} PRIVATE QT_NO_KEYWORDS)
  target_link_libraries(${name} PUBLIC Qt6::Widgets nlohmann_json::nlohmann_json ${arg_LINK} PRIVATE ${arg_LINK_PRIVATE})
  target_precompile_headers(${name} REUSE_FROM noiseloom_editor_pch)
endfunction()

# noiseloom_editor_test(path/to/thing_test LINK libs... LABELS l... TIMEOUT seconds): one QtTest program that opens real
# windows, on a display of its own (tests/app/editor/with_display). QTEST_MAIN; includes its own thing_test.moc.
function(noiseloom_editor_test path)
  cmake_parse_arguments(arg "" "TIMEOUT" "LINK;LABELS" ${ARGN})
  file(RELATIVE_PATH whole "${CMAKE_SOURCE_DIR}/tests" "${CMAKE_CURRENT_SOURCE_DIR}/${path}")
  string(REPLACE "/" "." whole "${whole}")
  set(name "${whole}")
  add_executable(${name} "${path}.cpp")
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests" AUTOMOC ON)
  noiseloom_settings(${name})
  target_compile_definitions(${name} PRIVATE QT_NO_KEYWORDS
    NOISELOOM_SOURCE_DIR="${CMAKE_SOURCE_DIR}" NOISELOOM_RUNNER="${CMAKE_BINARY_DIR}/noiseloom"
    NOISELOOM_EDITOR_PROGRAM="${CMAKE_BINARY_DIR}/noiseloom-editor")
  target_link_libraries(${name} PRIVATE Qt6::Test ${arg_LINK})
  target_precompile_headers(${name} REUSE_FROM noiseloom_editor_pch)
  add_dependencies(${name} noiseloom)
  add_test(NAME ${whole} COMMAND "${CMAKE_SOURCE_DIR}/tests/app/editor/with_display" $<TARGET_FILE:${name}>)
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  if(NOT TARGET editor_tests)
    add_custom_target(editor_tests)
  endif()
  add_dependencies(editor_tests ${name})
  set_tests_properties(${whole} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "editor_tests;${arg_LABELS}")
endfunction()

# How this project declares its targets: one library a folder, one program a test file.

# The compiler takes a precompiled header only where it was compiled with the same -fPIC or -fPIE; so programs, too,
# are compiled as libraries are.
set(CMAKE_CXX_COMPILE_OPTIONS_PIE "${CMAKE_CXX_COMPILE_OPTIONS_PIC}")
add_library(noiseloom_pch OBJECT "${CMAKE_CURRENT_LIST_DIR}/pch.cpp")
target_link_libraries(noiseloom_pch PRIVATE noiseloom::torch nlohmann_json::nlohmann_json)
target_precompile_headers(noiseloom_pch PRIVATE "${CMAKE_CURRENT_LIST_DIR}/pch.h")

function(noiseloom_settings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra)
  target_include_directories(${target} PUBLIC "${CMAKE_SOURCE_DIR}")
endfunction()

# noiseloom_library(name SOURCES a.cpp ... LINK libs...): sources are listed, never globbed.
function(noiseloom_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK;LINK_PRIVATE" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  noiseloom_settings(${name})
  target_link_libraries(${name} PUBLIC noiseloom::torch ${arg_LINK} PRIVATE ${arg_LINK_PRIVATE})
  target_precompile_headers(${name} REUSE_FROM noiseloom_pch)
endfunction()

# noiseloom_test(path/to/thing_test LINK libs... LABELS l... TIMEOUT seconds): one QtTest program, run by CTest.
# CTest knows it by its whole path under tests/, engine.files.npy_test say. The target and the label engine_tests are
# all of tests/engine but what runs the engine on shipped nodes, and so needs every family built; nodes_tests likewise.
function(noiseloom_test path)
  cmake_parse_arguments(arg "" "TIMEOUT" "LINK;LABELS" ${ARGN})
  file(RELATIVE_PATH whole "${CMAKE_SOURCE_DIR}/tests" "${CMAKE_CURRENT_SOURCE_DIR}/${path}")
  string(REPLACE "/" "." whole "${whole}")
  string(REPLACE "/" "." name "${path}")
  if(TARGET ${name})
    set(name "${whole}")
  endif()
  add_executable(${name} "${path}.cpp")
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  # Not AUTOMOC, which has moc read all of Torch's headers, 10 s a test: a test's slots stand in its own file.
  get_filename_component(file "${path}" NAME)
  set(moc "${CMAKE_CURRENT_BINARY_DIR}/${name}_moc/${file}.moc")
  add_custom_command(OUTPUT "${moc}" DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${path}.cpp" VERBATIM
    COMMAND Qt6::moc "${CMAKE_CURRENT_SOURCE_DIR}/${path}.cpp" -o "${moc}")
  target_sources(${name} PRIVATE "${moc}")
  target_include_directories(${name} PRIVATE "${CMAKE_CURRENT_BINARY_DIR}/${name}_moc")
  noiseloom_settings(${name})
  target_compile_definitions(${name} PRIVATE QT_NO_KEYWORDS
    NOISELOOM_SOURCE_DIR="${CMAKE_SOURCE_DIR}" NOISELOOM_RUNNER="${CMAKE_BINARY_DIR}/noiseloom")
  target_link_libraries(${name} PRIVATE Qt6::Test ${arg_LINK})
  if(arg_LINK)
    target_precompile_headers(${name} REUSE_FROM noiseloom_pch)
  endif()
  add_test(NAME ${whole} COMMAND ${name})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  set(environment "QT_QPA_PLATFORM=offscreen")
  if(NOISELOOM_SANITIZE)
    # What LibTorch keeps to the end of the program is no leak of ours.
    list(APPEND environment "ASAN_OPTIONS=detect_leaks=0" "UBSAN_OPTIONS=print_stacktrace=1")
  endif()

  string(REGEX REPLACE "[.].*" "" folder "${whole}")
  if(NOT (folder STREQUAL "engine" AND "noiseloom_nodes" IN_LIST arg_LINK))
    if(NOT TARGET ${folder}_tests)
      add_custom_target(${folder}_tests)
    endif()
    add_dependencies(${folder}_tests ${name})
    list(APPEND arg_LABELS ${folder}_tests)
  endif()
  set_tests_properties(${whole} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}"
    ENVIRONMENT "${environment}")
endfunction()

# noiseloom_fuzz(path/to/thing_fuzz LINK libs...): one libFuzzer program from a file that defines
# LLVMFuzzerTestOneInput; the target fuzz builds them all. Nothing where NOISELOOM_FUZZ is off.
if(NOISELOOM_FUZZ)
  add_custom_target(fuzz)
endif()
function(noiseloom_fuzz path)
  if(NOT NOISELOOM_FUZZ)
    return()
  endif()
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  string(REPLACE "/" "." name "${path}")
  add_executable(${name} "${path}.cpp")
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/fuzz")
  noiseloom_settings(${name})
  target_link_libraries(${name} PRIVATE ${arg_LINK})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  add_dependencies(fuzz ${name})
endfunction()

# Build-wide choices: language level, warnings, linker, compiler cache, sanitizers.
option(NOISELOOM_TESTS "Build the tests (needs Qt 6 Test)" ON)
option(NOISELOOM_EDITOR "Build the editor (needs Qt 6 and Dear ImGui, which `cmake/go setup` fetches)" ON)
option(NOISELOOM_BENCHMARKS "Build the benchmark, beside the tests" ON)
option(NOISELOOM_OPENCV "Use OpenCV for JPEG, WebP and video; without it the runner writes PNG and GIF" ON)
option(NOISELOOM_SANITIZE "Build with AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
option(NOISELOOM_FUZZ "Build the fuzz targets, under the same sanitizers (needs Clang's libFuzzer)" OFF)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")

find_program(NOISELOOM_CCACHE ccache)
if(NOISELOOM_CCACHE)
  # A precompiled header is safe to cache when the compiler is told to keep its timestamps out of it.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      "${CMAKE_COMMAND}" -E env
      "CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime"
      "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}" "CCACHE_PCH_EXTSUM=1" "${NOISELOOM_CCACHE}")
endif()
# The compiler's own linker, on purpose. Debian 12's mold (1.10) saves 0.7 s a program, but about one program in a hundred
# that it links does not start (RELRO begins on a page that is not there), and told to leave RELRO out it may never end.

if(NOISELOOM_FUZZ AND NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  message(FATAL_ERROR "libFuzzer comes with Clang: install clang, then configure with `cmake --preset fuzz`.")
endif()
if(NOISELOOM_SANITIZE OR NOISELOOM_FUZZ)
  # Without vptr: LibTorch carries no type information for it. What UBSan finds ends the program.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=undefined
    -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
if(NOISELOOM_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

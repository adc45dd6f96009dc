# LibTorch without its CMake package: that one asks for the CUDA toolkit it was built with. We link
# torch_cpu and c10 alone; libtorch_cuda is loaded at run time where a driver is there.
#
# Looked for in CMAKE_PREFIX_PATH (a site-packages, a torch folder, an unpacked libtorch, or what
# torch.utils.cmake_prefix_path prints), then where `cmake/go setup` unpacks the pinned one.
set(NOISELOOM_TORCH_ROOT "" CACHE PATH "Folder that holds Torch's include/ and lib/; empty: look for it")

set(torch_prefixes ${CMAKE_PREFIX_PATH})
string(REPLACE ":" ";" torch_environment "$ENV{CMAKE_PREFIX_PATH}")
list(APPEND torch_prefixes ${torch_environment})
set(torch_candidates "${NOISELOOM_TORCH_ROOT}")
foreach(prefix IN LISTS torch_prefixes)
  list(APPEND torch_candidates "${prefix}" "${prefix}/torch" "${prefix}/libtorch" "${prefix}/../..")
endforeach()
list(APPEND torch_candidates "${CMAKE_SOURCE_DIR}/.deps/site/torch")

set(NOISELOOM_TORCH_ROOT "")
foreach(candidate IN LISTS torch_candidates)
  if(candidate AND EXISTS "${candidate}/include/torch/csrc/api/include/torch/torch.h")
    get_filename_component(NOISELOOM_TORCH_ROOT "${candidate}" REALPATH)
    break()
  endif()
endforeach()
if(NOT NOISELOOM_TORCH_ROOT)
  message(FATAL_ERROR "LibTorch was not found. `cmake/go setup` fetches it, or name one in CMAKE_PREFIX_PATH.")
endif()
# Read by cmake/go, which configures anew when CMAKE_PREFIX_PATH names another.
set(NOISELOOM_TORCH_IN_USE "${NOISELOOM_TORCH_ROOT}" CACHE INTERNAL "")

set(torch_version "of unknown version")
foreach(header headeronly/version.h csrc/api/include/torch/version.h)
  if(EXISTS "${NOISELOOM_TORCH_ROOT}/include/torch/${header}")
    file(STRINGS "${NOISELOOM_TORCH_ROOT}/include/torch/${header}" torch_numbers
      REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH) [0-9]+")
    if(torch_numbers)
      string(REGEX MATCHALL "[0-9]+" torch_version "${torch_numbers}")
      list(JOIN torch_version "." torch_version)
      break()
    endif()
  endif()
endforeach()
message(STATUS "LibTorch ${torch_version}: ${NOISELOOM_TORCH_ROOT}")
if(NOT torch_version MATCHES "^2\\.11\\.")
  message(WARNING "Noiseloom is written for and tested with LibTorch 2.11; this is ${torch_version}.")
endif()

get_filename_component(torch_site "${NOISELOOM_TORCH_ROOT}" DIRECTORY)
set(torch_cuda_runtime "${torch_site}/nvidia/cu13/lib")
add_library(noiseloom_torch INTERFACE)
add_library(noiseloom::torch ALIAS noiseloom_torch)
target_include_directories(noiseloom_torch SYSTEM INTERFACE
  "${NOISELOOM_TORCH_ROOT}/include" "${NOISELOOM_TORCH_ROOT}/include/torch/csrc/api/include")
target_link_libraries(noiseloom_torch INTERFACE
  "${NOISELOOM_TORCH_ROOT}/lib/libtorch_cpu.so" "${NOISELOOM_TORCH_ROOT}/lib/libc10.so")
target_link_options(noiseloom_torch INTERFACE
  "-Wl,-rpath,${NOISELOOM_TORCH_ROOT}/lib" "-Wl,-rpath,${torch_cuda_runtime}"
  "-Wl,-rpath-link,${NOISELOOM_TORCH_ROOT}/lib" "-Wl,-rpath-link,${torch_cuda_runtime}")

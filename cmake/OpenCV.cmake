# OpenCV's four modules that images and video take, without its CMake package: Debian ships that only in
# libopencv-dev, whose other modules install 117 packages more. Sets what that package sets (OpenCV_FOUND,
# OpenCV_VERSION, OpenCV_INCLUDE_DIRS, OpenCV_LIBS, targets opencv_core ...); missing OpenCV is no error.
set(OpenCV_FOUND FALSE)
set(OpenCV_LIBS "")
find_path(NOISELOOM_OPENCV_INCLUDE opencv2/videoio.hpp PATH_SUFFIXES opencv4)
mark_as_advanced(NOISELOOM_OPENCV_INCLUDE)
if(NOISELOOM_OPENCV_INCLUDE)
  set(OpenCV_FOUND TRUE)
  set(OpenCV_INCLUDE_DIRS "${NOISELOOM_OPENCV_INCLUDE}")
  file(STRINGS "${NOISELOOM_OPENCV_INCLUDE}/opencv2/core/version.hpp" opencv_numbers
    REGEX "define CV_VERSION_(MAJOR|MINOR|REVISION) +[0-9]+")
  string(REGEX MATCHALL "[0-9]+" OpenCV_VERSION "${opencv_numbers}")
  list(JOIN OpenCV_VERSION "." OpenCV_VERSION)
  if(OpenCV_VERSION VERSION_LESS 4.6)
    set(OpenCV_FOUND FALSE)
  endif()
  foreach(module core imgproc imgcodecs videoio)
    find_library(NOISELOOM_OPENCV_${module} opencv_${module})
    mark_as_advanced(NOISELOOM_OPENCV_${module})
    if(NOT NOISELOOM_OPENCV_${module})
      set(OpenCV_FOUND FALSE)
    endif()
  endforeach()
endif()
if(OpenCV_FOUND)
  foreach(module core imgproc imgcodecs videoio)
    add_library(opencv_${module} SHARED IMPORTED GLOBAL)
    # Its headers warn under C++20; those of an imported target count as the system's.
    set_target_properties(opencv_${module} PROPERTIES
      IMPORTED_LOCATION "${NOISELOOM_OPENCV_${module}}"
      INTERFACE_INCLUDE_DIRECTORIES "${NOISELOOM_OPENCV_INCLUDE}")
    list(APPEND OpenCV_LIBS opencv_${module})
  endforeach()
  message(STATUS "OpenCV ${OpenCV_VERSION}: JPEG, WebP and video are built")
else()
  message(STATUS "OpenCV 4.6 or newer was not found: no JPEG, WebP or video; PNG and GIF are built")
endif()

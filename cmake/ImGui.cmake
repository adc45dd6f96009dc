# Dear ImGui and ImPlot as one static library, from the sources that `cmake/go setup` fetches (cmake/imgui.txt).
set(NOISELOOM_IMGUI_ROOT "${CMAKE_SOURCE_DIR}/.deps/imgui" CACHE PATH "Folder that holds imgui/ and implot/")
if(NOT EXISTS "${NOISELOOM_IMGUI_ROOT}/imgui/imgui.h")
  message(FATAL_ERROR "Dear ImGui was not found. `cmake/go setup` fetches it; without the editor: -DNOISELOOM_EDITOR=OFF.")
endif()
find_package(Freetype REQUIRED)
set(imgui "${NOISELOOM_IMGUI_ROOT}/imgui")
add_library(noiseloom_imgui STATIC
  "${imgui}/imgui.cpp" "${imgui}/imgui_draw.cpp" "${imgui}/imgui_tables.cpp" "${imgui}/imgui_widgets.cpp"
  "${imgui}/imgui_stacklayout.cpp"
  "${imgui}/backends/imgui_impl_opengl3.cpp" "${imgui}/misc/cpp/imgui_stdlib.cpp"
  "${imgui}/misc/freetype/imgui_freetype.cpp"
  "${NOISELOOM_IMGUI_ROOT}/implot/implot.cpp" "${NOISELOOM_IMGUI_ROOT}/implot/implot_items.cpp")
# FreeType hints and joins shapes better than stb at the sizes that nodes are read at.
target_compile_definitions(noiseloom_imgui PUBLIC IMGUI_ENABLE_FREETYPE IMGUI_DISABLE_OBSOLETE_FUNCTIONS
  IMGUI_USER_CONFIG="cmake/imgui_config.h")
target_include_directories(noiseloom_imgui PUBLIC "${CMAKE_SOURCE_DIR}")
target_include_directories(noiseloom_imgui SYSTEM PUBLIC "${imgui}" "${NOISELOOM_IMGUI_ROOT}/implot")
target_link_libraries(noiseloom_imgui PRIVATE Freetype::Freetype ${CMAKE_DL_LIBS})

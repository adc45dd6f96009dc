#include "app/editor/shell/main_window.h"

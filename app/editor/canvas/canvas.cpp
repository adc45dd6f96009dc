#include "app/editor/canvas/canvas.h"

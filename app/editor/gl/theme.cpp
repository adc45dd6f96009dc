#include "app/editor/gl/theme.h"

#include "app/editor/watch/viewer.h"

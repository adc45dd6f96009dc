#include "app/editor/watch/timeline.h"

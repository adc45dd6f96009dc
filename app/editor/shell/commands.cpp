#include "app/editor/shell/commands.h"

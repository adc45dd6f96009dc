#include "app/editor/document/edits.h"

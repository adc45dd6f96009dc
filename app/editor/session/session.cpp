#include "app/editor/session/session.h"

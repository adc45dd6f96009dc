#include "app/editor/worker/worker_client.h"

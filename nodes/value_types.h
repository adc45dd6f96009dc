#pragma once
// The headers of every value type that list.inc names.
#include "engine/values/scalars.h"
#include "engine/values/tensors.h"
#include "nodes/data/dataset.h"
#include "nodes/training/train_state.h"
#include "nodes/types/types.h"

// The whole library.
#pragma once

#include "socksplice/blocking.h"       // IWYU pragma: export
#include "socksplice/buffer_pool.h"    // IWYU pragma: export
#include "socksplice/lane.h"           // IWYU pragma: export
#include "socksplice/pipe.h"           // IWYU pragma: export
#include "socksplice/pipe_pool.h"      // IWYU pragma: export
#include "socksplice/pools.h"          // IWYU pragma: export
#include "socksplice/pump.h"           // IWYU pragma: export
#include "socksplice/relay.h"          // IWYU pragma: export
#include "socksplice/socket_io.h"      // IWYU pragma: export
#include "socksplice/system_splice.h"  // IWYU pragma: export
#include "socksplice/unique_fd.h"      // IWYU pragma: export

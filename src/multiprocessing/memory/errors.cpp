#include "threadwise/multiprocessing/errors.hpp"

namespace threadwise {

OSError::~OSError() = default;
FileExistsError::~FileExistsError() = default;
FileNotFoundError::~FileNotFoundError() = default;
PermissionError::~PermissionError() = default;
BrokenPipeError::~BrokenPipeError() = default;
EOFError::~EOFError() = default;

}  // namespace threadwise

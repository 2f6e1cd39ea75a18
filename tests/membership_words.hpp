#pragma once
#include "messages/matrix/membership.hpp"

#include <ostream>

/// How tests print what is a word elsewhere.
namespace causeway::matrix {

inline std::ostream& boost_test_print_type(std::ostream& out, membership x) { return out << name(x); }

} // namespace causeway::matrix

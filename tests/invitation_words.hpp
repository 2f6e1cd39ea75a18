#pragma once
#include "messages/invitation.hpp"

#include <ostream>

/// How tests print what is a word elsewhere.
namespace causeway {

inline std::ostream& boost_test_print_type(std::ostream& out, invitation_state x) { return out << name(x); }
inline std::ostream& boost_test_print_type(std::ostream& out, invitation_direction x) { return out << name(x); }
inline std::ostream& boost_test_print_type(std::ostream& out, next_request x) { return out << name(x); }

} // namespace causeway

#pragma once
#include "messages/fault.hpp"

/// What all authorization rules answer when they refuse an event. Private to them.
namespace causeway::matrix {

/// @param detail  Number of the rule in the specification, and what is wrong.
inline status forbidden(std::string detail) { return fault{fault_code::forbidden, std::move(detail)}; }

} // namespace causeway::matrix

#pragma once
#include "config/validate.hpp"

#include <vector>

/// Settings that are each in their range and make no sense together.
namespace causeway::config {

/// One sentence for each pair (or three) that contradicts itself: what would happen, and what to do. The key it is
/// filed under is the one to change; `others` are the rest. Of two limits where the narrower simply wins, the wider one
/// is complained of only where somebody set it.
/// @pre every value is in its range, and names, addresses and networks are well formed; what is not is passed over
std::vector<problem> contradictions(const options& x, purpose what_for, const set_keys& is_set);

} // namespace causeway::config

#include "actors/effects.hpp"

namespace causeway {

// Long and needed everywhere: compiled once.
effect::effect() noexcept = default;
effect::effect(const effect&) = default;
effect::effect(effect&&) noexcept = default;
effect& effect::operator=(const effect&) = default;
effect& effect::operator=(effect&&) noexcept = default;
effect::~effect() = default;

} // namespace causeway

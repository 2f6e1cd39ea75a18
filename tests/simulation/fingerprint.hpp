#pragma once
#include "actors/effects.hpp"
#include "messages/address.hpp"

#include <cstdint>
#include <string>
#include <unordered_map>

namespace causeway::simulation {

/// Proof that a change of the code has not changed what machines do: a hash over all effects that the machines of one
/// run have returned, in the order in which they did. Unsigned 64-bit values (tokens, and ids that a machine gives)
/// count by the order in which they appear in an incarnation of an actor, so that a machine may number its questions
/// otherwise. Log lines have a hash of their own: their words may change where nothing else does.
class fingerprint {
public:
  /// Those of one incarnation of an actor.
  class names {
    friend class fingerprint;
    std::unordered_map<std::uint64_t, std::uint64_t> order_;
  };
  void add(const address& who, names& of, const effects& list);
  std::uint64_t of_effects() const { return effects_; }
  std::uint64_t of_logs() const { return logs_; }

private:
  std::uint64_t effects_ = 14695981039346656037U, logs_ = effects_;
};

/// CAUSEWAY_TIMERS_ASIDE is set: a timer draws no dice and goes off in its millisecond, and fingerprints leave timers
/// out, so that two builds compare that set other timers for the same moments. Their runs differ from those without.
bool are_timers_aside();

/// 16 hexadecimal digits.
std::string to_hex(std::uint64_t x);

} // namespace causeway::simulation

#pragma once
#include "tests/simulation/world.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace causeway::simulation {

/// One run: what people, networks and machines do is drawn from the seed; at the end everything heals, comes to rest,
/// and is checked.
struct run_report {
  std::vector<std::string> violations; ///< empty: nothing went wrong
  std::vector<std::string> story;      ///< with tracing only
  std::uint64_t steps = 0;
  std::uint64_t effects = 0, logs = 0; ///< fingerprints of what the machines have returned
  std::size_t messages = 0, invitations = 0, rooms = 0, crashes = 0, receipts = 0, bans = 0, roles = 0, edits = 0,
              reactions = 0; ///< how much the run has seen
};
/// What is played besides what always is. It draws from the seed too, so a run with it is another one.
struct played {
  bool receipts = false; ///< people read, and other servers are told
  bool people = false;   ///< they ban and unban, give roles, edit and react
};
run_report run_scenario(std::uint64_t seed, bool tracing = false, played also = {});

/// Checks what must be true of a world at rest (invariants.cpp). Violations go to the world.
void check_invariants(world& w);

} // namespace causeway::simulation

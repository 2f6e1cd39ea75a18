#pragma once
#include "messages/crash_point.hpp"
#include "messages/fault.hpp"

#include <cstdint>
#include <string>

/// The test build's own end: CAUSEWAY_CRASH_AT names where, CAUSEWAY_MUTANT what is broken on purpose. Elsewhere both
/// are ignored and the lists are empty.
namespace causeway::crash {

inline constexpr const char* crash_variable = "CAUSEWAY_CRASH_AT";
inline constexpr const char* mutant_variable = "CAUSEWAY_MUTANT";

/// Where the process ends.
struct armed_point {
  point at = point::command_received;
  std::uint32_t passing = 1; ///< the how manieth time counts
  bool holds = false;        ///< only the thread stands still, for whoever watches to end the process
};

/// Lines `name  sentence`; empty where this build has none.
std::string points_text();
std::string mutants_text();

/// `name[:N][:hold]`. @returns invalid_param with what is wrong
result<armed_point> read_armed_point(const std::string& text);
result<mutant> read_mutant(const std::string& text);

/// From now on: the process ends itself by SIGKILL when it passes the point, so that nothing is flushed and no
/// destructor runs. Once, before there is a second thread.
void arm(const armed_point& x);
void plant(mutant x);

/// Reads both variables and does what they say; those that are null or empty say nothing. Nothing at all in a build
/// without crash points.
status arm_from(const char* crash_at, const char* planted);

} // namespace causeway::crash

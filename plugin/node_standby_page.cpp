#include "plugin/node_standby_page.hpp"

#include "plugin/node_clock.hpp"
#include "plugin/node_web_commands.hpp"

#include <utility>

namespace causeway {

standby_page::standby_page(standby_answers& answers,
                           std::function<std::vector<inspector::health_check>(bool)> are_ready)
    : answers_(answers), are_ready_(std::move(are_ready)) {}

void standby_page::ask(inspector::question x, inspector::answer_function done) {
  ask_command(answers_.admin(), x, std::move(done));
}

void standby_page::metrics(inspector::answer_function done) {
  done({200, "text/plain; version=0.0.4", "# this node stands by\n"});
}

std::vector<inspector::health_check> standby_page::found(bool of_all_doors) const {
  std::vector<inspector::health_check> all{{"live", true, ""}};
  for (auto& each : are_ready_(of_all_doors)) all.push_back(std::move(each));
  return all;
}

/// Of all doors: who shares out connections to one that is not there is told no.
std::vector<inspector::health_check> standby_page::health() { return found(true); }

/// A door that is not to be there is no failure.
void standby_page::checks(std::function<void(std::vector<inspector::health_check>)> done) { done(found(false)); }

void standby_page::poll(const std::string& topic, std::function<void(inspector::late_rows)> done) {
  poll_list(answers_.admin(), topic, std::move(done));
}

std::string standby_page::sample() {
  answers_.admin().expire(); // this is asked once a second
  return "{}";
}

std::int64_t standby_page::now_ms() { return wall_clock_ms(); }

} // namespace causeway

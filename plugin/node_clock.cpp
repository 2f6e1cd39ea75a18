#include "plugin/node_clock.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <vector>

namespace causeway {
namespace {

/// A Date has whole seconds: the time is up to this much later.
constexpr time_ms date_exactness_ms = 1'000;

bool is_far(time_ms difference) { return difference > clock_tolerance_ms || difference < -clock_tolerance_ms; }

std::string seconds(time_ms difference) {
  return std::to_string(((difference < 0 ? -difference : difference) + 500) / 1'000) +
         " s"; // the clocks are read one after the other
}

constexpr const char* what_to_do =
  "set it right (`timedatectl` shows it; a time server keeps it so). The broker goes on by itself within seconds";

} // namespace

std::string clock_network_of(std::string_view server_name, std::string_view address) {
  std::string host{address.substr(0, address.rfind(':'))};
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  std::array<unsigned char, 16> bytes{};
  std::string itself{server_name};
  if (inet_pton(AF_INET, host.c_str(), bytes.data()) == 1) {
    if (bytes[0] == 127) return itself;
    return std::to_string(bytes[0]) + '.' + std::to_string(bytes[1]) + '.' + std::to_string(bytes[2]) + ".0/24";
  }
  if (inet_pton(AF_INET6, host.c_str(), bytes.data()) != 1) return itself;
  in6_addr whole{};
  std::copy(bytes.begin(), bytes.end(), whole.s6_addr);
  if (IN6_IS_ADDR_LOOPBACK(&whole)) return itself;
  std::fill(std::begin(whole.s6_addr) + 6, std::end(whole.s6_addr), 0);
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(AF_INET6, &whole, text, sizeof text);
  return std::string{text} + "/48";
}

void peer_dates::heard(std::string_view server_name, std::string_view address, time_ms date_ms, time_ms elapsed_ms,
                       time_ms steady_ms) {
  witness x{clock_network_of(server_name, address), date_ms - steady_ms,
            date_ms + date_exactness_ms - (steady_ms - std::max<time_ms>(elapsed_ms, 0)), steady_ms};
  std::erase_if(witnesses_, [&](const auto& y) { return y.network == x.network; });
  if (witnesses_.size() >= witnesses_max) witnesses_.pop_front();
  witnesses_.push_back(std::move(x));
}

peer_dates::verdict peer_dates::judge(time_ms offset_ms, time_ms steady_ms) const {
  std::vector<time_ms> ahead; // of those who say it is wrong
  std::size_t all = 0;
  for (const auto& x : witnesses_) {
    if (steady_ms - x.heard_at > kept_ms) continue;
    ++all;
    const auto by = offset_ms > x.high ? offset_ms - x.high : offset_ms < x.low ? offset_ms - x.low : 0;
    if (is_far(by)) ahead.push_back(by);
  }
  verdict out;
  const auto right = all - ahead.size();
  const auto is_most = [&](std::size_t n) { return n >= witnesses_min && 2 * n > all; };
  if (all > 0 && ahead.empty()) out = {word::unknown, 0, right, true};
  if (is_most(right)) out = {word::right, 0, right, ahead.empty()};
  if (ahead.empty()) return out;
  std::sort(ahead.begin(), ahead.end());
  const auto median = ahead[ahead.size() / 2];
  const auto agree =
    static_cast<std::size_t>(std::count_if(ahead.begin(), ahead.end(), [&](auto x) { return !is_far(x - median); }));
  if (is_most(agree)) return {word::wrong, median, agree, agree == all};
  if (agree == all) return {word::unknown, median, agree, true};
  return out;
}

void node_clock::heard(std::string_view server_name, std::string_view address, time_ms date_ms, time_ms elapsed_ms,
                       time_ms steady) {
  std::lock_guard guard(mutex_);
  dates_.heard(server_name, address, date_ms, elapsed_ms, steady);
}

std::optional<fault> node_clock::parted(time_ms wall, time_ms steady, time_ms& set_by) {
  const auto by = wall - (steady + offset_);
  if (!is_far(by)) {
    offset_ = wall - steady;
    parted_since_.reset();
    return {};
  }
  if (!parted_since_ || is_far(by - parted_by_)) {
    parted_since_ = steady;
    parted_by_ = by;
  }
  using enum peer_dates::word;
  const auto of_wall = dates_.judge(wall - steady, steady), of_kept = dates_.judge(offset_, steady);
  // Where few are known, all of them have to say so.
  const bool wall_is_wrong = of_wall.says == wrong || (of_wall.is_unanimous && of_wall.ahead_ms != 0);
  const bool kept_is_right = of_kept.says == right || (of_kept.is_unanimous && of_kept.ahead_ms == 0);
  const bool is_over = steady - *parted_since_ >= clock_hold_ms && !(wall_is_wrong && kept_is_right);
  if (of_wall.says == right || is_over) {
    offset_ = wall - steady;
    parted_since_.reset();
    set_by = by;
    return {};
  }
  return fault{fault_code::clock_wrong, "the clock of this machine has jumped " + seconds(by) +
                                          (by > 0 ? " ahead" : " back") + ": " + what_to_do};
}

node_clock::report node_clock::look(time_ms wall, time_ms steady) {
  std::lock_guard guard(mutex_);
  report out;
  if (auto jumped = parted(wall, steady, out.set_by)) {
    out.why = std::move(*jumped);
  } else if (const auto v = dates_.judge(offset_, steady); v.ahead_ms != 0) {
    const auto far = seconds(v.ahead_ms) + (v.ahead_ms > 0 ? " ahead of" : " behind") + " what " +
                     std::to_string(v.witnesses) + (v.witnesses == 1 ? " other server says" : " other servers say") +
                     " the time is";
    if (v.says == peer_dates::word::wrong)
      out.why = {fault_code::clock_wrong, "the clock of this machine is " + far + ": " + what_to_do};
    else
      out.doubt = "the clock of this machine is " + far +
                  ", which are too few to believe: compare it with another (`timedatectl`)";
  }
  const bool is_wrong = out.why.code != fault_code::none, is_doubted = !out.doubt.empty();
  out.is_news = is_wrong != was_wrong_ || is_doubted != was_doubted_;
  if ((is_wrong && !was_wrong_) || (out.set_by != 0 && !was_wrong_)) ++alarms_;
  was_wrong_ = is_wrong;
  was_doubted_ = is_doubted;
  return out;
}

time_ms wall_clock_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
    .count();
}

time_ms steady_clock_ms() {
  timespec x{};
  clock_gettime(CLOCK_BOOTTIME, &x);
  return time_ms{x.tv_sec} * 1'000 + x.tv_nsec / 1'000'000;
}

} // namespace causeway

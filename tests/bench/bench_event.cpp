// What one event costs in the pure core, by itself: microseconds of one core to parse it, to take it (form, size, id),
// to hash it and write what is signed, and to write it for the store. Four rounds; the first one warms up.
#include "messages/matrix/event.hpp"
#include "messages/matrix/signing.hpp"

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <utility>

using namespace causeway::matrix;

namespace {

constexpr int times_each = 20'000;

double own_us() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
}

template <class What>
double each_us(What what) {
  const auto begun = own_us();
  for (int i = 0; i < times_each; ++i) what();
  return (own_us() - begun) / times_each;
}

std::string signed_event(const room_version_rules& rules) {
  std::string words;
  while (words.size() < 330) words += words.size() % 13 == 0 ? "\n\"quoted\" " : "lorem gr\xc3\xbc\xc3\x9f";
  json::array auth;
  for (const char x : {'a', 'b', 'c'}) auth.emplace_back("$" + std::string(43, x));
  json::object pdu{{"type", "m.room.message"},
                   {"sender", "@ann:there.example"},
                   {"room_id", "!room:there.example"},
                   {"depth", 12},
                   {"origin_server_ts", std::int64_t{1'700'000'000'000}},
                   {"content", json::object{{"body", words}, {"msgtype", "m.text"}}},
                   {"prev_events", json::array{json::value{"$" + std::string(43, 'd')}}},
                   {"auth_events", std::move(auth)}};
  const auto key = signing_key::from_seed(std::string(32, 'k'));
  const auto made = hash_and_sign(std::move(pdu), rules, "there.example", *key);
  return made ? (*made)->to_json() : std::string{};
}

} // namespace

int main() {
  const auto& rules = *find_room_version("10");
  const auto text = signed_event(rules);
  const auto event = parse_event(text, rules);
  if (!event) return EXIT_FAILURE;
  std::printf("one event of %zu bytes, microseconds\n", text.size());
  std::size_t used = 0; // or the compiler may leave it out
  for (int round = 0; round < 4; ++round) {
    const auto parse = each_us([&] { used += json::parse(text)->as_object()->size(); });
    const auto take = each_us([&] { used += (*parse_event(text, rules))->event_id.size(); }) - parse;
    const auto digested = each_us([&] { used += digest(**event).signed_bytes.size(); });
    const auto written = each_us([&] { used += (*event)->to_json().size(); });
    std::printf("parse %.2f  take %.2f  digest %.2f  to_json %.2f\n", parse, take, digested, written);
  }
  return used == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

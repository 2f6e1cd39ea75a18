#include "messages/chat/codec.hpp"
#include "messages/edge/header.hpp"
#include "messages/edge/packing.hpp"
#include "tests/messages/chat/bodies.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>

/// The wire does not change by accident: `frozen_bodies.txt` has the bytes of every body and header of the contract,
/// and what is said of every field that is missing or wrong. A line that changes breaks clients that are out there; a
/// new command, notification or field only adds lines: CAUSEWAY_WRITE_FROZEN=FILE test_messages
/// --run_test=frozen_bodies writes what the code does now.
using namespace causeway;

BOOST_AUTO_TEST_SUITE(frozen_bodies)

namespace {

struct replacement {
  std::string name;
  std::optional<std::string> packed; ///< absent: the key is left out
};

std::string packed_string(std::string_view x) {
  msgpack::sbuffer out;
  msgpack::packer<msgpack::sbuffer>{out}.pack_str(static_cast<std::uint32_t>(x.size()));
  return std::string{out.data(), out.size()}.append(x);
}

std::string packed_strings(std::size_t count, std::string_view each) {
  msgpack::sbuffer out;
  msgpack::packer<msgpack::sbuffer>{out}.pack_array(static_cast<std::uint32_t>(count));
  std::string all{out.data(), out.size()};
  for (std::size_t i = 0; i < count; ++i) all += packed_string(each);
  return all;
}

/// Lines of a broken test that are shown.
constexpr std::size_t lines_shown_max = 20;

/// What a field is replaced by, the same for each.
const std::vector<replacement>& replacements() {
  using namespace std::string_literals;
  static const std::vector<replacement> all{{"missing", {}},
                                            {"nil", "\xc0"},
                                            {"7", "\x07"},
                                            {"0", "\x00"s},
                                            {"-1", "\xff"},
                                            {"2^53", "\xcf\x00\x20\x00\x00\x00\x00\x00\x00"s},
                                            {"2^64-1", "\xcf\xff\xff\xff\xff\xff\xff\xff\xff"},
                                            {"true", "\xc3"},
                                            {"0.5", "\xca\x3f\x00\x00\x00"s},
                                            {"bin", "\xc4\x01x"},
                                            {"map", "\x80"},
                                            {"empty", "\xa0"},
                                            {"x", "\xa1x"},
                                            {"blank", packed_string("\u200b")},
                                            {"dm", packed_string("dm")},
                                            {"public", packed_string("public")},
                                            {"[]", "\x90"},
                                            {"[7]", "\x91\x07"},
                                            {"[empty]", "\x91\xa0"},
                                            {"[x]", "\x91\xa1x"},
                                            {"[map]", "\x91\x80"},
                                            {"256 bytes", packed_string(std::string(256, 'x'))},
                                            {"1025 bytes", packed_string(std::string(1'025, 'x'))},
                                            {"4097 bytes", packed_string(std::string(4'097, 'x'))},
                                            {"61441 bytes", packed_string(std::string(61'441, 'x'))},
                                            {"524289 of bin", "\xc6\x00\x08\x00\x01"s + std::string(524'289, 'x')},
                                            {"[256 bytes]", packed_strings(1, std::string(256, 'x'))},
                                            {"21 strings", packed_strings(21, "x")},
                                            {"65 strings", packed_strings(65, "x")},
                                            {"1001 strings", packed_strings(1'001, "x")},
                                            {"10001 strings", packed_strings(10'001, "x")}};
  return all;
}
/// Those of which two at once are tried: which fault is told first.
constexpr std::string_view tried_in_pairs[] = {"missing", "7",   "2^64-1",    "empty",     "blank",
                                               "dm",      "[x]", "256 bytes", "21 strings"};

/// Keys from the outermost map inwards, of lists through their first entry.
using path = std::vector<std::string>;

std::string text_of(const path& x) {
  std::string out;
  for (const auto& key : x) out += (out.empty() ? "" : ".") + key;
  return out;
}

void collect(const msgpack::object& x, const path& here, std::vector<path>& all) {
  if (x.type == msgpack::type::ARRAY && x.via.array.size > 0) return collect(x.via.array.ptr[0], here, all);
  if (x.type != msgpack::type::MAP) return;
  for (std::uint32_t i = 0; i < x.via.map.size; ++i) {
    auto inner = here;
    inner.push_back(x.via.map.ptr[i].key.as<std::string>());
    all.push_back(inner);
    collect(x.via.map.ptr[i].val, inner, all);
  }
}

using changes = std::vector<std::pair<const path*, const replacement*>>;

/// The value with some keys replaced; those of a list in each of its entries.
std::string repacked(const msgpack::object& x, const path& here, const changes& with) {
  msgpack::sbuffer out;
  msgpack::packer<msgpack::sbuffer> packer{out};
  const auto so_far = [&] { return std::string{out.data(), out.size()}; };
  if (x.type == msgpack::type::ARRAY) {
    packer.pack_array(x.via.array.size);
    auto all = so_far();
    for (std::uint32_t i = 0; i < x.via.array.size; ++i) all += repacked(x.via.array.ptr[i], here, with);
    return all;
  }
  if (x.type != msgpack::type::MAP) {
    packer.pack(x);
    return so_far();
  }
  std::uint32_t count = 0;
  std::string entries;
  for (std::uint32_t i = 0; i < x.via.map.size; ++i) {
    auto inner = here;
    inner.push_back(x.via.map.ptr[i].key.as<std::string>());
    const auto change = std::ranges::find_if(with, [&](const auto& each) { return *each.first == inner; });
    if (change != with.end() && !change->second->packed) continue;
    ++count;
    entries += packed_string(inner.back());
    entries += change != with.end() ? *change->second->packed : repacked(x.via.map.ptr[i].val, inner, with);
  }
  packer.pack_map(count);
  return so_far() + entries;
}

void fold(std::uint64_t& hash, std::string_view text) { // FNV-1a
  for (const unsigned char byte : text) hash = (hash ^ byte) * 0x100000001b3u;
}

/// What reading said, what came out written again, and which fields were not known.
struct outcome {
  std::string said, written;
};
using reading = outcome (*)(const char* name, const std::string& body);

outcome of_command(const char* name, const std::string& body) {
  std::vector<std::string> ignored;
  const auto x = chat::decode_command(name, body, &ignored);
  outcome out{x ? "ok" : to_string(x.error()), x ? chat::encode(*x) : ""};
  for (const auto& field : ignored) out.said += " ignored " + field;
  return out;
}

outcome of_notification(const char* name, const std::string& body) {
  const auto x = chat::decode_notification(name, body);
  return {x ? "ok" : to_string(x.error()), x ? chat::encode(*x) : ""};
}

template <class Header>
outcome of_header(const char*, const std::string& body) {
  const auto x = edge::decode_header<Header>(body);
  return {x ? "ok" : to_string(x.error()), x ? edge::encode_header(*x) : ""};
}

/// Lines about everything that can be wrong with one body.
void refusals(const std::string& title, const char* name, const std::string& body, reading read,
              std::vector<std::string>& lines) {
  const auto map = edge::unpacked_map::parse(body, fault_code::bad_body);
  BOOST_REQUIRE(map);
  std::vector<path> paths;
  collect(map->root(), {}, paths);
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const auto& each : paths) {
    std::vector<std::pair<std::string, std::string>> told; // what, of which replacements
    for (const auto& one : replacements()) {
      const auto found = read(name, repacked(map->root(), {}, {{&each, &one}}));
      fold(hash, found.said);
      fold(hash, found.written);
      const auto same = std::ranges::find(told, found.said, &std::pair<std::string, std::string>::first);
      if (same == told.end()) told.emplace_back(found.said, one.name);
      else same->second += ", " + one.name;
    }
    for (const auto& [said, of] : told) lines.push_back(title + "  " + text_of(each) + ": " + said + " <- " + of);
  }
  for (std::size_t a = 0; a < paths.size(); ++a)
    for (std::size_t b = a + 1; b < paths.size(); ++b)
      for (const auto& first : replacements())
        for (const auto& second : replacements()) {
          if (std::ranges::find(tried_in_pairs, first.name) == std::end(tried_in_pairs)) continue;
          if (std::ranges::find(tried_in_pairs, second.name) == std::end(tried_in_pairs)) continue;
          const auto found = read(name, repacked(map->root(), {}, {{&paths[a], &first}, {&paths[b], &second}}));
          fold(hash, found.said);
          fold(hash, found.written);
        }
  if (paths.empty()) return;
  std::ostringstream hex;
  hex << std::hex << hash;
  lines.push_back(title + "  all of these, and any two at once: " + hex.str());
}

std::string hex(std::string_view bytes) {
  std::string out;
  for (const unsigned char byte : bytes) {
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return out;
}

template <class Header>
void header_lines(const char* name, const Header& x, std::vector<std::string>& lines) {
  const auto body = edge::encode_header(x);
  lines.push_back("header " + std::string{name} + ": " + hex(body));
  refusals("header " + std::string{name}, name, body, &of_header<Header>, lines);
}

std::vector<std::string> all_lines() {
  std::vector<std::string> lines;
  std::map<std::string, int> count;
  for (const auto& x : test::commands()) {
    const auto body = chat::encode(x);
    const auto title = std::string{"command "} + chat::name(x) + " " + std::to_string(++count[chat::name(x)]);
    lines.push_back(title + ": " + hex(body));
    BOOST_TEST(of_command(chat::name(x), body).said == "ok", title);
    BOOST_TEST(hex(of_command(chat::name(x), body).written) == hex(body), title);
    refusals(title, chat::name(x), body, &of_command, lines);
  }
  count.clear();
  for (const auto& x : test::notifications()) {
    const auto body = chat::encode(x);
    const auto title = std::string{"notification "} + chat::name(x) + " " + std::to_string(++count[chat::name(x)]);
    lines.push_back(title + ": " + hex(body));
    BOOST_TEST(hex(of_notification(chat::name(x), body).written) == hex(body), title);
    refusals(title, chat::name(x), body, &of_notification, lines);
  }
  lines.push_back("ephemeral typing: " + hex(chat::encode(test::a_typing_changed())));
  lines.push_back("ephemeral receipt: " + hex(chat::encode(test::a_receipt_changed())));
  lines.push_back("ephemeral presence: " + hex(chat::encode(test::a_presence_changed())));
  lines.push_back("ephemeral join.progress: " + hex(chat::encode(test::a_join_progress())));
  lines.push_back("ephemeral media.available: " + hex(chat::encode(test::a_media_available())));
  lines.push_back("ephemeral ask.user: " + hex(chat::encode(test::an_ask_user())));
  for (const auto& [title, x] : test::answers()) lines.push_back("answer " + title + ": " + hex(chat::encode(x)));
  lines.push_back("fault: " + hex(chat::encode(fault{fault_code::peer_timeout, "b.example"})));

  using namespace edge;
  header_lines("HELLO", hello_header{{1, 2}, "rc/7", "rc1", std::vector<std::uint32_t>{0, 3}, {10, 1'000'000}}, lines);
  header_lines("HELLO without", hello_header{{1}, {}, {}, {}, {1, 2}}, lines);
  header_lines(
    "WELCOME",
    welcome_header{1, "causeway/1", "a.example", 2, {{"0", 7}}, {{"0", 9}, {"1", 0}}, {5, 6}, 15'000, 60'000}, lines);
  header_lines("COMMAND", command_header{"k-17", "message.send"}, lines);
  header_lines("RESULT", result_header{"k-17", false, true, std::vector<std::string>{"txet"}}, lines);
  header_lines("EVENT", event_header{3, 1'000'000, "message.received"}, lines);
  header_lines("EVENT ephemeral", event_header{{}, {}, "typing"}, lines);
  header_lines("ACK", ack_header{1, 70'000}, lines);
  header_lines("NACK", nack_header{1, 70'000, true, "no"}, lines);
  header_lines("CREDIT", credit_header{{7, 8}}, lines);
  header_lines("PING", ping_header{-5}, lines);
  header_lines("SEEK", seek_header{1, 2}, lines);
  header_lines("SEEK from the broker", sought_header{1, 2, false}, lines);
  header_lines("BYE", bye_header{"stopping"}, lines);
  header_lines("ERROR", error_header{"k", 1, std::vector<std::uint32_t>{1}}, lines);
  return lines;
}

} // namespace

BOOST_AUTO_TEST_CASE(every_command_and_notification_is_among_them) {
  const auto all_of = []<class Variant>(const std::vector<Variant>& bodies) {
    std::vector<bool> seen(std::variant_size_v<typename Variant::content>);
    for (const auto& x : bodies) seen[x.index()] = true;
    return std::ranges::all_of(seen, [](bool x) { return x; });
  };
  BOOST_TEST(all_of(test::commands()));
  BOOST_TEST(all_of(test::notifications()));
  std::vector<chat::answer> answers;
  for (const auto& each : test::answers()) answers.push_back(each.second);
  BOOST_TEST(all_of(answers));
}

BOOST_AUTO_TEST_CASE(bytes_and_refusals_are_those_of_the_frozen_file) {
  const auto lines = all_lines();
  if (const auto* file = std::getenv("CAUSEWAY_WRITE_FROZEN")) {
    std::ofstream out{file};
    for (const auto& line : lines) out << line << "\n";
    BOOST_REQUIRE(out);
    return;
  }
  std::ifstream in{CAUSEWAY_TEST_DATA "/messages/chat/frozen_bodies.txt"};
  BOOST_REQUIRE(in);
  std::set<std::string> now{lines.begin(), lines.end()};
  BOOST_TEST(now.size() == lines.size(), "two lines are the same");
  std::size_t broken = 0;
  for (std::string frozen; std::getline(in, frozen);)
    if (now.erase(frozen) == 0 && ++broken <= lines_shown_max) BOOST_ERROR("breaks clients: no longer " << frozen);
  BOOST_TEST(broken == 0u);
  BOOST_TEST(now.empty(), now.size() << " lines are not frozen yet, one is: " << (now.empty() ? "" : *now.begin()));
}

BOOST_AUTO_TEST_SUITE_END()

// What one core can do at best: how many signed events (PDUs) per second of CPU time can be accepted when nothing is
// done but what no server can leave out? Per event: parse, canonical form, content hash, redaction (room version 11),
// reference hash, one ed25519 verification. One thread, no input or output, no room state, no rules. Causeway's rates
// are quoted as a fraction of this, measured in the same run; so it shares no code with Causeway.
//
//   yardstick [--seconds S]
//     one line of JSON: {"yardstick_per_core_s":..,"without_verify_per_core_s":..,"pdu_bytes":..}
#include <openssl/sha.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace {

using digest = std::array<unsigned char, 32>;

// -- JSON: a flat table of slices of the text -------------------------------------------------------------------------

enum class kind : std::uint8_t { object, array, string, scalar };

struct slice {
  const char* begin = nullptr;
  const char* end = nullptr;
  std::uint32_t after = 0; ///< index behind this value and all in it
  kind what = kind::scalar;
  bool verbatim = true; ///< the text already is the canonical form
  std::string_view text() const { return {begin, static_cast<std::size_t>(end - begin)}; }
  std::string_view inside() const { return {begin + 1, static_cast<std::size_t>(end - begin) - 2}; } // of a string
};

class document {
public:
  /// Whether `text` is one JSON value fit for room version 11. Keys with escapes are refused: no event has them.
  bool parse(std::string_view text) {
    slices_.clear();
    at_ = text.data();
    end_ = at_ + text.size();
    if (!value(0)) return false;
    space();
    return at_ == end_;
  }
  const std::vector<slice>& slices() const { return slices_; }
  std::uint32_t find(std::uint32_t object, std::string_view key) const {
    if (slices_[object].what != kind::object) return 0;
    for (auto i = object + 1; i < slices_[object].after; i = slices_[i + 1].after)
      if (slices_[i].inside() == key) return i + 1;
    return 0;
  }

private:
  bool space() {
    const auto* begin = at_;
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
    return at_ != begin;
  }
  bool value(int depth) {
    if (depth > 64) return false;
    space();
    if (at_ == end_) return false;
    const auto self = slices_.size();
    slices_.push_back({at_, at_, 0, kind::scalar, true});
    bool good = false;
    switch (*at_) {
    case '{': good = members(self, depth); break;
    case '[': good = elements(self, depth); break;
    case '"':
      slices_[self].what = kind::string;
      good = string(slices_[self].verbatim);
      break;
    case 't': good = word("true"); break;
    case 'f': good = word("false"); break;
    case 'n': good = word("null"); break;
    default: good = integer(slices_[self].verbatim);
    }
    slices_[self].end = at_;
    slices_[self].after = static_cast<std::uint32_t>(slices_.size());
    return good;
  }
  bool members(std::size_t self, int depth) {
    slices_[self].what = kind::object;
    bool verbatim = true;
    std::string_view previous;
    ++at_;
    if (space()) verbatim = false;
    if (at_ != end_ && *at_ == '}') return ++at_, slices_[self].verbatim = verbatim, true;
    for (bool first = true;; first = false) {
      if (at_ == end_ || *at_ != '"') return false;
      const auto key = slices_.size();
      slices_.push_back({at_, at_, static_cast<std::uint32_t>(key) + 1, kind::string, true});
      bool plain = true;
      if (!string(plain) || std::memchr(slices_[key].begin, '\\', static_cast<std::size_t>(at_ - slices_[key].begin)))
        return false;
      slices_[key].end = at_;
      if (!first && !(previous < slices_[key].inside())) verbatim = false;
      previous = slices_[key].inside();
      if (space()) verbatim = false;
      if (at_ == end_ || *at_ != ':') return false;
      ++at_;
      const auto child = slices_.size();
      const auto* before = at_;
      if (!value(depth + 1)) return false;
      if (slices_[child].begin != before || !slices_[child].verbatim) verbatim = false;
      if (space()) verbatim = false;
      if (at_ == end_) return false;
      const char next = *at_++;
      if (next == '}') break;
      if (next != ',') return false;
      if (space()) verbatim = false;
    }
    slices_[self].verbatim = verbatim;
    return true;
  }
  bool elements(std::size_t self, int depth) {
    slices_[self].what = kind::array;
    bool verbatim = true;
    ++at_;
    if (space()) verbatim = false;
    if (at_ != end_ && *at_ == ']') return ++at_, slices_[self].verbatim = verbatim, true;
    for (;;) {
      const auto child = slices_.size();
      const auto* before = at_;
      if (!value(depth + 1)) return false;
      if (slices_[child].begin != before || !slices_[child].verbatim) verbatim = false;
      if (space()) verbatim = false;
      if (at_ == end_) return false;
      const char next = *at_++;
      if (next == ']') break;
      if (next != ',') return false;
    }
    slices_[self].verbatim = verbatim;
    return true;
  }
  bool string(bool& verbatim) {
    for (++at_; at_ != end_;) {
      const auto byte = static_cast<unsigned char>(*at_);
      if (byte == '"') return ++at_, true;
      if (byte < 0x20) return false;
      if (byte < 0x80 && byte != '\\') ++at_;
      else if (byte == '\\' ? !escape(verbatim) : !sequence(byte)) return false;
    }
    return false;
  }
  bool escape(bool& verbatim) {
    if (end_ - at_ < 2) return false;
    if (std::strchr("\"\\bfnrt", at_[1])) return at_ += 2, true;
    verbatim = false;
    if (at_[1] == '/') return at_ += 2, true;
    if (at_[1] != 'u' || end_ - at_ < 6) return false;
    return std::all_of(at_ + 2, at_ + 6, [](unsigned char c) { return std::isxdigit(c) != 0; }) && (at_ += 6, true);
  }
  bool sequence(unsigned char lead) {
    const int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    if (lead < 0xc2 || lead > 0xf4 || end_ - at_ <= more) return false;
    const auto second = static_cast<unsigned char>(at_[1]);
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) || (lead == 0xf0 && second < 0x90) ||
        (lead == 0xf4 && second > 0x8f))
      return false;
    for (int i = 1; i <= more; ++i)
      if ((static_cast<unsigned char>(at_[i]) & 0xc0) != 0x80) return false;
    at_ += more + 1;
    return true;
  }
  bool word(std::string_view expected) {
    if (static_cast<std::size_t>(end_ - at_) < expected.size() || std::string_view{at_, expected.size()} != expected)
      return false;
    at_ += expected.size();
    return true;
  }
  bool integer(bool& verbatim) {
    const bool negative = *at_ == '-';
    if (negative) ++at_;
    const auto* digits = at_;
    std::uint64_t number = 0;
    while (at_ != end_ && *at_ >= '0' && *at_ <= '9' && at_ - digits < 17)
      number = number * 10 + std::uint64_t(*at_++ - '0');
    if (at_ == digits || (*digits == '0' && at_ - digits > 1) || number > 9'007'199'254'740'991) return false;
    verbatim = !(negative && number == 0);
    return at_ == end_ || (*at_ != '.' && *at_ != 'e' && *at_ != 'E' && (*at_ < '0' || *at_ > '9'));
  }

  std::vector<slice> slices_;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
};

// -- base64 -----------------------------------------------------------------------------------------------------------

constexpr char standard_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr char url_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

template <std::size_t Size>
std::string base64(const std::array<unsigned char, Size>& bytes, const char* alphabet) {
  std::string out;
  std::uint32_t bits = 0;
  int have = 0;
  for (auto byte : bytes) {
    bits = bits << 8 | byte;
    for (have += 8; have >= 6; have -= 6) out += alphabet[bits >> (have - 6) & 63];
  }
  if (have > 0) out += alphabet[bits << (6 - have) & 63];
  return out;
}

template <std::size_t Size>
bool from_base64(std::string_view text, std::array<unsigned char, Size>& out) {
  static const auto values = [] {
    std::array<std::int8_t, 256> table;
    table.fill(-1);
    for (int i = 0; i < 64; ++i) table[static_cast<unsigned char>(standard_alphabet[i])] = static_cast<std::int8_t>(i);
    return table;
  }();
  if (text.size() != (Size * 4 + 2) / 3) return false;
  std::uint32_t bits = 0;
  int have = 0;
  std::size_t filled = 0;
  for (unsigned char c : text) {
    if (values[c] < 0) return false;
    bits = bits << 6 | static_cast<std::uint32_t>(values[c]);
    have += 6;
    if (have >= 8) {
      have -= 8;
      out[filled++] = static_cast<unsigned char>(bits >> have);
    }
  }
  return filled == Size;
}

// -- what room version 11 asks ----------------------------------------------------------------------------------------

bool one_of(std::string_view key, std::initializer_list<std::string_view> list) {
  return std::find(list.begin(), list.end(), key) != list.end();
}
bool hashed(std::string_view key) { return !one_of(key, {"unsigned", "signatures", "hashes"}); }
bool survives_redaction(std::string_view key) {
  return one_of(key, {"type", "room_id", "sender", "content", "depth", "hashes", "prev_events", "auth_events",
                      "origin_server_ts", "state_key", "event_id"});
}
bool content_survives(std::string_view type, std::string_view key) {
  if (type == "m.room.member") return one_of(key, {"membership", "join_authorised_via_users_server"});
  if (type == "m.room.create") return true;
  if (type == "m.room.join_rules") return one_of(key, {"join_rule", "allow"});
  if (type == "m.room.power_levels")
    return one_of(
      key, {"ban", "events", "events_default", "invite", "kick", "redact", "state_default", "users", "users_default"});
  if (type == "m.room.history_visibility") return key == "history_visibility";
  return type == "m.room.redaction" && key == "redacts";
}

using public_keys = std::unordered_map<std::string_view, digest>;

class acceptor {
public:
  explicit acceptor(const public_keys& keys) : keys_(keys) {}

  enum class depth : std::uint8_t { without_verification, complete };

  /// Whether hash and signature are right; `event_id()` and `signed_text()` are of the last event.
  bool accept(std::string_view text, depth how_far) {
    if (!document_.parse(text) || !canonicalise()) return false;
    digest claimed;
    const auto& slices = document_.slices();
    const auto claim = find_string(document_.find(0, "hashes"), "sha256");
    if (!claim || !from_base64(slices[claim].inside(), claimed) || claimed != content_hash()) return false;
    digest reference;
    SHA256(bytes(redacted_), redacted_.size(), reference.data());
    event_id_ = '$' + base64(reference, url_alphabet);

    const auto sender = slices[find_string(0, "sender")].inside();
    const auto server = sender.substr(std::min(sender.find(':'), sender.size() - 1) + 1);
    const auto key = keys_.find(server);
    const auto by_server = document_.find(document_.find(0, "signatures"), server);
    const auto signature_at = by_server ? find_string(by_server, "ed25519:1") : 0;
    std::array<unsigned char, 64> signature;
    if (key == keys_.end() || !signature_at || !from_base64(slices[signature_at].inside(), signature)) return false;
    return how_far == depth::without_verification ||
           crypto_sign_verify_detached(signature.data(), bytes(redacted_), redacted_.size(), key->second.data()) == 0;
  }
  /// Canonical forms and content hash only, of an event that has no signature yet.
  bool prepare(std::string_view text) { return document_.parse(text) && canonicalise(); }
  digest content_hash() const {
    digest out;
    SHA256(bytes(whole_), whole_.size(), out.data());
    return out;
  }
  const std::string& signed_text() const { return redacted_; }
  const std::string& event_id() const { return event_id_; }

private:
  static const unsigned char* bytes(const std::string& text) {
    return reinterpret_cast<const unsigned char*>(text.data());
  }

  std::uint32_t find_string(std::uint32_t object, std::string_view key) const {
    const auto found = document_.find(object, key);
    return found && document_.slices()[found].what == kind::string ? found : 0;
  }
  bool canonicalise() {
    const auto type_at = find_string(0, "type");
    if (!type_at || !find_string(0, "sender")) return false;
    const auto type = document_.slices()[type_at].inside();
    whole_.clear();
    object(whole_, 0, hashed, [this](std::string_view, std::uint32_t at) { write(whole_, at); });
    redacted_.clear();
    object(redacted_, 0, survives_redaction, [&](std::string_view key, std::uint32_t at) {
      if (key != "content" || document_.slices()[at].what != kind::object) return write(redacted_, at);
      object(
        redacted_, at, [&](std::string_view inner) { return content_survives(type, inner); },
        [this](std::string_view, std::uint32_t inner) { write(redacted_, inner); });
    });
    return true;
  }
  template <class Keep, class Write>
  void object(std::string& out, std::uint32_t at, Keep keep, Write write_value) const {
    const auto& slices = document_.slices();
    std::array<std::uint32_t, 128> order;
    std::size_t count = 0;
    bool sorted = true;
    for (auto i = at + 1; i < slices[at].after && count < order.size(); i = slices[i + 1].after) {
      if (!keep(slices[i].inside())) continue;
      if (count > 0 && slices[i].inside() < slices[order[count - 1]].inside()) sorted = false;
      order[count++] = i;
    }
    if (!sorted)
      std::sort(order.begin(), order.begin() + count,
                [&](auto a, auto b) { return slices[a].inside() < slices[b].inside(); });
    out += '{';
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) out += ',';
      out += slices[order[i]].text();
      out += ':';
      write_value(slices[order[i]].inside(), order[i] + 1);
    }
    out += '}';
  }
  void write(std::string& out, std::uint32_t at) const {
    const auto& self = document_.slices()[at];
    if (self.verbatim) {
      out += self.text();
    } else if (self.what == kind::object) {
      object(
        out, at, [](std::string_view) { return true; },
        [&](std::string_view, std::uint32_t inner) { write(out, inner); });
    } else if (self.what == kind::array) {
      out += '[';
      for (auto i = at + 1; i < self.after; i = document_.slices()[i].after) {
        if (i > at + 1) out += ',';
        write(out, i);
      }
      out += ']';
    } else if (self.what == kind::scalar) {
      out += '0'; // "-0" is the only number that is not verbatim
    } else {
      out += self.text(); // the corpus has no needless escapes
    }
  }

  const public_keys& keys_;
  document document_;
  std::string whole_, redacted_, event_id_;
};

// -- corpus: 2,000 events of 50 servers, 963 bytes on average; a tenth membership, half with unsorted members ---------

class corpus {
public:
  corpus() {
    for (int i = 0; i < 50; ++i) names_.push_back("server" + std::to_string(i) + ".example.org");
    for (auto& name : names_) {
      digest seed, key;
      for (auto& byte : seed) byte = static_cast<unsigned char>(random_());
      crypto_sign_seed_keypair(key.data(), secrets_.emplace_back().data(), seed.data());
      keys.emplace(name, key);
    }
    acceptor tool{keys};
    for (int i = 0; i < 2'000; ++i) events.push_back(make(tool, i));
    for (auto& text : events) bytes += text.size();
  }
  std::vector<std::string> events;
  public_keys keys;
  std::size_t bytes = 0;

private:
  std::string random_id() {
    digest id;
    for (auto& byte : id) byte = static_cast<unsigned char>(random_());
    return "\"$" + base64(id, url_alphabet) + '"';
  }
  std::string make(acceptor& tool, int number) {
    const auto server = random_() % names_.size();
    const bool member = random_() % 10 == 0, sorted = random_() % 2 == 0;
    const auto user = "\"@user" + std::to_string(random_() % 1'000) + ':' + names_[server] + '"';
    std::string words;
    while (words.size() < 330)
      words += random_() % 12 == 0   ? "gr\xc3\xbc\xc3\x9f"
                                       "e "
               : random_() % 20 == 0 ? "\\n\\\"quoted\\\" "
                                     : "lorem ipsum ";
    std::vector<std::pair<std::string, std::string>> members{
      {"auth_events", '[' + random_id() + ',' + random_id() + ',' + random_id() + ']'},
      {"content", member ? R"({"avatar_url":"mxc://)" + names_[server] +
                             R"(/abcdefgh","displayname":"lorem ipsum","membership":"join"})"
                  : sorted ? R"({"body":")" + words + R"(","m.mentions":{},"msgtype":"m.text"})"
                           : R"({"msgtype":"m.text","body":")" + words + R"(","m.mentions":{}})"},
      {"depth", std::to_string(10 + number)},
      {"origin_server_ts", std::to_string(1'700'000'000'000 + number)},
      {"prev_events", '[' + random_id() + ']'},
      {"room_id", "\"!room" + std::to_string(random_() % 5'000) + ":example.org\""},
      {"sender", user},
      {"type", member ? "\"m.room.member\"" : "\"m.room.message\""},
      {"unsigned", "{\"age\":" + std::to_string(random_() % 100'000) + '}'}};
    if (member) members.emplace_back("state_key", user);
    const auto text = [&] {
      std::string out = "{";
      for (auto& [key, value] : members) out += (out.size() > 1 ? ",\"" : "\"") + key + "\":" + value;
      return out + '}';
    };
    if (!tool.prepare(text())) std::abort();
    members.emplace_back("hashes", R"({"sha256":")" + base64(tool.content_hash(), standard_alphabet) + "\"}");
    if (!tool.prepare(text())) std::abort();
    std::array<unsigned char, 64> signature;
    crypto_sign_detached(signature.data(), nullptr, reinterpret_cast<const unsigned char*>(tool.signed_text().data()),
                         tool.signed_text().size(), secrets_[server].data());
    members.emplace_back("signatures", "{\"" + names_[server] + R"(":{"ed25519:1":")" +
                                         base64(signature, standard_alphabet) + "\"}}");
    if (sorted) std::sort(members.begin(), members.end());
    else std::shuffle(members.begin(), members.end(), random_);
    return text();
  }

  std::mt19937_64 random_{42};
  std::vector<std::string> names_;
  std::vector<std::array<unsigned char, 64>> secrets_;
};

double cpu_seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// Events per second of CPU time, best of three.
double measure(const corpus& input, acceptor::depth how_far, double seconds) {
  acceptor tool{input.keys};
  double best = 0;
  for (int round = 0; round < 3; ++round) {
    const auto begun = cpu_seconds();
    std::size_t done = 0;
    do {
      for (auto& text : input.events)
        if (!tool.accept(text, how_far)) std::abort();
      done += input.events.size();
    } while (cpu_seconds() - begun < seconds / 3);
    best = std::max(best, static_cast<double>(done) / (cpu_seconds() - begun));
  }
  return best;
}

/// Every event is accepted, and none of which a byte of text or signature was changed.
bool self_check(const corpus& input) {
  acceptor tool{input.keys};
  for (auto& text : input.events) {
    if (!tool.accept(text, acceptor::depth::complete)) return false;
    auto forged = text;
    auto& letter = forged[forged.find("\"ed25519:1\":\"") + 20];
    letter = letter == 'A' ? 'B' : 'A';
    if (tool.accept(forged, acceptor::depth::complete)) return false;
    auto changed = text;
    changed[changed.find("17000000")] = '2';
    if (tool.accept(changed, acceptor::depth::complete)) return false;
  }
  return true;
}

} // namespace

int main(int argc, char** argv) {
  double seconds = 3;
  if (argc == 3 && std::string_view{argv[1]} == "--seconds") seconds = std::atof(argv[2]);
  else if (argc != 1) return std::fprintf(stderr, "usage: yardstick [--seconds S]\n"), 2;
  if (sodium_init() < 0) return 1;
  const corpus input;
  if (!self_check(input)) return std::fprintf(stderr, "yardstick: self-check failed\n"), 1;
  const auto cheap = measure(input, acceptor::depth::without_verification, seconds / 4);
  const auto complete = measure(input, acceptor::depth::complete, seconds);
  std::printf("{\"yardstick_per_core_s\":%.0f,\"without_verify_per_core_s\":%.0f,\"pdu_bytes\":%.0f}\n", complete,
              cheap, static_cast<double>(input.bytes) / static_cast<double>(input.events.size()));
}

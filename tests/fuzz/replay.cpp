// Without libFuzzer: every file of the corpora, and a fixed number of mutations of each, the same in every run.
#include "messages/chat/codec.hpp"
#include "tests/fuzz/target.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <utility>

namespace causeway::fuzz {
namespace {

constexpr int default_mutations = 300;

std::string contents_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>{in}, {}};
}

struct seed {
  std::string name, input;
};

std::string from_hex(std::string_view text) {
  const auto value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    bytes += static_cast<char>(value(text[i]) << 4 | value(text[i + 1]));
  return bytes;
}

/// Every body of the contract as the frozen file has it ("command member.ban 1: 85a4..."), in the form that
/// `chat_bodies` reads: what joins the contract is mutated without anybody thinking of it. tools/fuzz does the same.
std::vector<seed> frozen_bodies() {
  std::vector<seed> found;
  std::ifstream in(std::filesystem::path{CAUSEWAY_TEST_DATA} / "messages" / "chat" / "frozen_bodies.txt");
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("command ") && !line.starts_with("notification ")) continue;
    const auto name = line.find(' ') + 1, number = line.find(' ', name), colon = line.find(": ", number);
    const auto hex = colon == std::string::npos ? colon : colon + 2;
    if (hex == std::string::npos || hex == line.size() || line.find_first_not_of("0123456789", number + 1) != colon ||
        line.find_first_not_of("0123456789abcdef", hex) != std::string::npos)
      continue; // what is said of a field that is wrong
    found.push_back({line.substr(name, colon - name),
                     line.substr(name, number - name) + '\n' + from_hex(std::string_view{line}.substr(hex))});
  }
  return found;
}

std::string shown(std::string_view input) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const char c : input.substr(0, 400))
    if (c >= ' ' && c <= '~') text += c;
    else text += std::string{"\\x"} + digits[static_cast<unsigned char>(c) >> 4] + digits[c & 0xf];
  return text;
}

/// One of: a byte changed, a stretch removed, doubled, moved from another file, a number made huge.
std::string mutated(std::string x, const std::vector<std::string>& others, std::mt19937_64& random) {
  auto below = [&](std::size_t n) { return n == 0 ? std::size_t{0} : static_cast<std::size_t>(random() % n); };
  for (auto rounds = 1 + below(4); rounds > 0; --rounds) {
    const auto at = below(x.size() + 1),
               length = below(std::min<std::size_t>(x.size() - std::min(at, x.size()), 40) + 1);
    switch (below(6)) {
    case 0:
      if (at < x.size()) x[at] = static_cast<char>(random());
      break;
    case 1: x.erase(std::min(at, x.size()), length); break;
    case 2: x.insert(std::min(at, x.size()), x.substr(std::min(at, x.size()), length)); break;
    case 3: {
      const auto& other = others[below(others.size())];
      const auto from = below(other.size() + 1);
      x.insert(std::min(at, x.size()), other.substr(from, below(60)));
      break;
    }
    case 4: {
      static constexpr std::string_view spice[] = {"\"", "{",     "[", "\\u0000", "\xff", "9007199254740992",
                                                   "-0", "1e400", ":", ",",       "*?*",  "\xf0\x9f\x98\x80"};
      x.insert(std::min(at, x.size()), spice[below(std::size(spice))]);
      break;
    }
    default: x.resize(std::min(at, x.size())); break;
    }
  }
  return x;
}

} // namespace

BOOST_AUTO_TEST_CASE(no_input_of_the_corpora_breaks_a_property) {
  const auto* wanted = std::getenv("CAUSEWAY_MUTATIONS");
  const int mutations = wanted ? std::atoi(wanted) : default_mutations;
  for (const auto& t : targets()) {
    std::vector<std::filesystem::path> files;
    const auto folder = std::filesystem::path{CAUSEWAY_TEST_DATA} / "fuzz" / "corpus" / t.name;
    BOOST_REQUIRE_MESSAGE(std::filesystem::is_directory(folder), folder << " is missing: every target has a corpus");
    for (const auto& f : std::filesystem::directory_iterator{folder}) files.push_back(f.path());
    std::sort(files.begin(), files.end());
    BOOST_REQUIRE_MESSAGE(!files.empty(), folder << " is empty");
    std::vector<std::string> inputs, names;
    for (const auto& f : files) {
      inputs.push_back(contents_of(f));
      names.push_back(f.filename());
    }
    if (t.name == "chat_bodies")
      for (auto& x : frozen_bodies()) {
        inputs.push_back(std::move(x.input));
        names.push_back(std::move(x.name));
      }
    std::mt19937_64 random{20'240'611};
    for (std::size_t i = 0; i < inputs.size(); ++i)
      for (int n = 0; n <= mutations; ++n) {
        const auto input = n == 0 ? inputs[i] : mutated(inputs[i], inputs, random);
        try {
          t.run(input);
        } catch (const std::exception& e) {
          BOOST_TEST(false,
                     t.name << ": " << names[i] << (n ? " mutated" : "") << ": " << e.what() << ": " << shown(input));
          break;
        }
      }
  }
}

BOOST_AUTO_TEST_CASE(every_body_of_the_contract_is_a_seed_and_is_read) {
  std::set<std::string> names;
  for (const auto& x : frozen_bodies()) {
    const auto end = x.input.find('\n');
    const auto name = x.input.substr(0, end), body = x.input.substr(end + 1);
    names.insert(name);
    BOOST_TEST((chat::decode_command(name, body) || chat::decode_notification(name, body)), x.name);
  }
  for (const auto* name : {"member.ban", "member.set_role", "message.edit", "reaction.add", "read",
                           "federation.configure", "room.upgrade", "answer.user", "role.changed", "message.edited"})
    BOOST_TEST(names.contains(name), name);
}

} // namespace causeway::fuzz

#include "messages/matrix/json_outline.hpp"

#include "messages/matrix/json.hpp"
#include "messages/matrix/json_scan.hpp"

namespace causeway::matrix::json {
namespace {

class outliner {
public:
  explicit outliner(std::string_view text) : at_(text.data()), end_(at_ + text.size()) {}

  result<std::vector<outline_member>> run() {
    std::vector<outline_member> members;
    skip_space();
    if (at_ == end_) return fault{fault_code::not_json, "empty"};
    if (!take('{')) return fault{fault_code::not_json, "no JSON object"};
    skip_space();
    if (!take('}')) {
      do {
        if (members.size() == outline_members_max)
          return fault{fault_code::too_large, "over " + std::to_string(outline_members_max) + " members"};
        outline_member one;
        if (!read_member(one)) return fault{fault_code::not_json, at_ == end_ ? "cut off" : "no JSON object"};
        members.push_back(std::move(one));
        skip_space();
      } while (take(','));
      if (!take('}')) return fault{fault_code::not_json, at_ == end_ ? "cut off" : "no JSON object"};
    }
    skip_space();
    if (at_ != end_) return fault{fault_code::not_json, "text after the object"};
    return members;
  }

private:
  bool read_member(outline_member& out) {
    skip_space();
    const auto* const begin = at_;
    if (!take('"') || !pass_string()) return false;
    const std::string_view quoted{begin, static_cast<std::size_t>(at_ - begin)};
    if (quoted.find('\\') == std::string_view::npos) {
      out.key = quoted.substr(1, quoted.size() - 2);
    } else {
      const auto key = parse(quoted);
      if (!key || !key->as_string()) return false;
      out.key = *key->as_string();
    }
    skip_space();
    if (!take(':')) return false;
    skip_space();
    return pass_value(out);
  }

  bool pass_value(outline_member& out) {
    if (at_ == end_) return false;
    switch (*at_) {
    case '{': out.kind = value_kind::object; return pass_container(out);
    case '[': out.kind = value_kind::list; return pass_container(out);
    case '"': out.kind = value_kind::string; return take('"') && pass_string();
    case 't':
    case 'f': out.kind = value_kind::boolean; break;
    case 'n': out.kind = value_kind::null; break;
    default: out.kind = value_kind::number;
    }
    const auto* const begin = at_;
    while (at_ != end_ && *at_ != ',' && *at_ != '}' && *at_ != ']' && *at_ != '"' && *at_ != '{' && *at_ != '[') ++at_;
    const auto word = parse({begin, static_cast<std::size_t>(at_ - begin)});
    return bool{word};
  }

  bool pass_container(outline_member& out) {
    ++at_;
    skip_space();
    out.is_empty = at_ != end_ && (*at_ == '}' || *at_ == ']');
    for (std::size_t open = 1; open > 0;) {
      at_ = scan(at_, end_, marks_of_structure, is_structure);
      if (at_ == end_) return false;
      const char x = *at_++;
      if (x == '{' || x == '[') ++open;
      else if (x == '}' || x == ']') --open;
      else if (!pass_string()) return false;
    }
    return true;
  }

  /// From behind the quote that opens a string to behind the one that closes it.
  bool pass_string() {
    while (true) {
      at_ = scan(at_, end_, marks_of_escapes, needs_escape);
      if (at_ == end_) return false;
      const char x = *at_++;
      if (x == '"') return true;
      if (x != '\\') continue;
      if (at_ == end_) return false;
      ++at_;
    }
  }

  static bool is_structure(char x) { return x == '"' || x == '{' || x == '[' || x == '}' || x == ']'; }
  /// '[' and '{', ']' and '}' differ in one bit.
  static std::uint64_t marks_of_structure(std::uint64_t eight) {
    const auto folded = eight | each_byte(0x20);
    const auto opens = folded ^ each_byte('{'), closes = folded ^ each_byte('}'), quote = eight ^ each_byte('"');
    const auto zero_bytes = [](std::uint64_t x) { return (x - each_byte(1)) & ~x; };
    return (zero_bytes(opens) | zero_bytes(closes) | zero_bytes(quote)) & each_byte(0x80);
  }

  void skip_space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }
  bool take(char wanted) {
    if (at_ == end_ || *at_ != wanted) return false;
    ++at_;
    return true;
  }

  const char* at_;
  const char* const end_;
};

} // namespace

result<std::vector<outline_member>> outline(std::string_view text) { return outliner{text}.run(); }

} // namespace causeway::matrix::json

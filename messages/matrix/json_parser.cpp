#include "messages/matrix/json_lists.hpp"

#include "messages/matrix/json_scan.hpp"

#include <algorithm>
#include <charconv>

namespace causeway::matrix::json {
namespace {

/// Length of the well-formed UTF-8 sequence at `at` (first byte non-ASCII); 0 when it is none: overlong forms,
/// surrogates and code points over U+10FFFF included.
std::size_t utf8_sequence_bytes(const char* at, const char* end) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(at[i]); };
  auto continues = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xbf) {
    return static_cast<std::size_t>(end - at) > i && byte(i) >= low && byte(i) <= high;
  };
  auto first = byte(0);
  if (first >= 0xc2 && first <= 0xdf) return continues(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    unsigned low = first == 0xe0 ? 0xa0 : 0x80;
    unsigned high = first == 0xed ? 0x9f : 0xbf;
    return continues(1, low, high) && continues(2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    unsigned low = first == 0xf0 ? 0x90 : 0x80;
    unsigned high = first == 0xf4 ? 0x8f : 0xbf;
    return continues(1, low, high) && continues(2) && continues(3) ? 4 : 0;
  }
  return 0;
}

void append_utf8(std::string& out, std::uint32_t code_point) {
  auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xc0 | code_point >> 6);
    put(0x80 | (code_point & 0x3f));
  } else if (code_point < 0x10000) {
    put(0xe0 | code_point >> 12);
    put(0x80 | (code_point >> 6 & 0x3f));
    put(0x80 | (code_point & 0x3f));
  } else {
    put(0xf0 | code_point >> 18);
    put(0x80 | (code_point >> 12 & 0x3f));
    put(0x80 | (code_point >> 6 & 0x3f));
    put(0x80 | (code_point & 0x3f));
  }
}

} // namespace

/// Recursive descent; the recursion is bounded by `depth_max`. Finished members and items wait on two
/// stacks until their container closes, so every container is allocated once, at its exact size.
class builder {
public:
  builder(std::string_view text, number_policy numbers, std::size_t depth_max = limits::json_depth_max)
      : begin_(text.data()), at_(begin_), end_(begin_ + text.size()), numbers_(numbers), depth_max_(depth_max) {
    // Room for a usual event, so the stacks do not grow step by step.
    members_.reserve(24);
    order_.reserve(24);
    items_.reserve(8);
  }

  result<value> run() {
    value root;
    skip_space();
    if (!parse_value(root, 0)) return fault_;
    skip_space();
    if (at_ != end_) {
      fail("text after the value");
      return fault_;
    }
    return root;
  }

  result<object> run_lists(std::initializer_list<std::string_view> lists, const list_reader& take,
                           values_bound values) {
    value root;
    lists_ = lists;
    take_ = &take;
    values_bound_ = values;
    skip_space();
    if (at_ == end_ || *at_ != '{') {
      fail("expected an object", fault_code::bad_json);
      return fault_;
    }
    if (!parse_object(root, 1)) return fault_;
    skip_space();
    if (at_ != end_) {
      fail("text after the value");
      return fault_;
    }
    return std::move(*root.as_object());
  }

private:
  bool is_list(std::string_view key, std::size_t depth) const {
    return depth == 1 && take_ && std::find(lists_.begin(), lists_.end(), key) != lists_.end();
  }

  /// An array of the outermost object, item by item; whatever else stands there is parsed as usual.
  bool parse_list(const std::string& key, value& out) {
    if (at_ == end_ || *at_ != '[') return parse_value(out, 1);
    ++at_;
    skip_space();
    out = value{array{}};
    if (take(']')) return true;
    do {
      skip_space();
      auto item = parse_item();
      if (!item && !pass_item()) return false;
      if (!(*take_)(key, std::move(item))) return fail("too many items", fault_code::too_large);
      skip_space();
    } while (take(','));
    return take(']') || fail("expected ',' or ']'");
  }

  /// A value of its own: with its own count of nesting and, where nothing is kept of it, of values. Where it fails,
  /// `at_` is at its begin again and `fault_` set.
  result<value> parse_item() {
    const auto* const begin = at_;
    const auto members = members_.size(), items = items_.size();
    const auto* const reader = std::exchange(take_, nullptr); // its members are no lists
    const auto depth_max = std::exchange(depth_max_, item_depth_max);
    const auto values = values_bound_ == values_bound::of_each_item ? std::exchange(values_seen_, 0) : 0;
    value item;
    const bool read = parse_value(item, 0);
    take_ = reader;
    depth_max_ = depth_max;
    if (values_bound_ == values_bound::of_each_item) values_seen_ = values;
    if (read) return item;
    at_ = begin;
    members_.resize(members);
    items_.resize(items);
    return fault_;
  }

  /// Goes to the ',' or ']' behind an item that cannot be read. False, with the item's fault, where the document is at
  /// its end too.
  bool pass_item() {
    if (values_seen_ > limits::json_values_max) return false;
    const auto* const begin = at_;
    for (std::size_t open = 0; at_ != end_;) {
      const char x = *at_;
      if (open == 0 && (x == ',' || x == ']')) return at_ != begin; // else there is no item at all
      ++at_;
      if (x == '{' || x == '[') ++open;
      else if ((x == '}' || x == ']') && open-- == 0) return false;
      else if (x == '"' && !pass_string()) return false;
    }
    return false;
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

  bool fail(const char* why, fault_code code = fault_code::not_json) {
    fault_ = fault{code, "byte " + std::to_string(at_ - begin_) + ": " + why};
    return false;
  }

  void skip_space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }

  bool take(char wanted) {
    if (at_ == end_ || *at_ != wanted) return false;
    ++at_;
    return true;
  }

  bool parse_value(value& out, std::size_t depth) {
    if (++values_seen_ > limits::json_values_max) return fail("too many values", fault_code::bad_json);
    if (at_ == end_) return fail("the text ends early");
    switch (*at_) {
    case '{': return parse_object(out, depth + 1);
    case '[': return parse_array(out, depth + 1);
    case '"': {
      std::string text;
      if (!parse_string(text)) return false;
      out = value{std::move(text)};
      return true;
    }
    case 't': return parse_word("true", value{true}, out);
    case 'f': return parse_word("false", value{false}, out);
    case 'n': return parse_word("null", value{}, out);
    default: return parse_number(out);
    }
  }

  bool parse_word(std::string_view word, value meaning, value& out) {
    if (static_cast<std::size_t>(end_ - at_) < word.size() || std::string_view{at_, word.size()} != word)
      return fail("not a JSON value");
    at_ += word.size();
    out = std::move(meaning);
    return true;
  }

  bool parse_array(value& out, std::size_t depth) {
    if (depth > depth_max_) return fail("nested too deeply", fault_code::bad_json);
    ++at_;
    skip_space();
    const auto base = items_.size();
    if (!take(']')) {
      do {
        skip_space();
        value item;
        if (!parse_value(item, depth)) return false;
        items_.push_back(std::move(item));
        skip_space();
      } while (take(','));
      if (!take(']')) return fail("expected ',' or ']'");
    }
    const auto first = items_.begin() + static_cast<std::ptrdiff_t>(base);
    out = value{array(std::make_move_iterator(first), std::make_move_iterator(items_.end()))};
    items_.resize(base);
    return true;
  }

  bool parse_object(value& out, std::size_t depth) {
    if (depth > depth_max_) return fail("nested too deeply", fault_code::bad_json);
    ++at_;
    skip_space();
    const auto base = members_.size();
    if (!take('}')) {
      do {
        skip_space();
        if (at_ == end_ || *at_ != '"') return fail("expected a key");
        const auto mine = members_.size();
        if (!parse_string(members_.emplace_back().key)) return false;
        skip_space();
        if (!take(':')) return fail("expected ':'");
        skip_space();
        // A container's own members go on the same stack, which may move it: nothing may refer into it meanwhile.
        value mapped;
        if (is_list(members_[mine].key, depth)) {
          const auto key = members_[mine].key;
          if (!parse_list(key, mapped)) return false;
        } else if (!parse_value(mapped, depth)) {
          return false;
        }
        members_[mine].mapped = std::move(mapped);
        skip_space();
      } while (take(','));
      if (!take('}')) return fail("expected ',' or '}'");
    }
    return close_object(out, base);
  }

  /// A member and the first eight bytes of its key as a number, which decides most comparisons.
  struct sort_entry {
    std::uint64_t prefix;
    member* of;

    explicit sort_entry(member& m) : prefix(0), of(&m) {
      for (std::size_t i = 0; i < 8; ++i)
        prefix = prefix << 8 | (i < m.key.size() ? static_cast<unsigned char>(m.key[i]) : 0u);
    }
    bool operator<(const sort_entry& other) const {
      return prefix != other.prefix ? prefix < other.prefix : of->key < other.of->key;
    }
  };

  /// Moves the members from `base` on into an object, sorted. Sorts entries, not members: those are 72 bytes each.
  bool close_object(value& out, std::size_t base) {
    order_.clear();
    for (auto i = base; i < members_.size(); ++i) order_.emplace_back(members_[i]);
    // Canonical input comes sorted.
    if (!std::is_sorted(order_.begin(), order_.end())) std::sort(order_.begin(), order_.end());
    const auto same_key = [](const sort_entry& a, const sort_entry& b) {
      return a.prefix == b.prefix && a.of->key == b.of->key;
    };
    if (std::adjacent_find(order_.begin(), order_.end(), same_key) != order_.end())
      return fail("a key is repeated in the object that ends here", fault_code::bad_json);
    object made;
    made.members_.reserve(order_.size());
    for (const auto& entry : order_) made.members_.push_back(std::move(*entry.of));
    members_.resize(base);
    out = value{std::move(made)};
    return true;
  }

  bool parse_string(std::string& out) {
    ++at_;
    const char* run = at_;
    while (true) {
      at_ = scan(at_, end_, marks_of_run_ends, ends_run);
      if (at_ == end_) return fail("the string does not end");
      if (*at_ == '"') {
        out.append(run, at_);
        ++at_;
        return true;
      }
      if (*at_ == '\\') {
        out.append(run, at_);
        if (!parse_escape(out)) return false;
        run = at_;
      } else if (static_cast<unsigned char>(*at_) < 0x20) {
        return fail("control character in a string");
      } else {
        auto bytes = utf8_sequence_bytes(at_, end_);
        if (bytes == 0) return fail("not UTF-8");
        at_ += bytes;
      }
    }
  }

  bool parse_escape(std::string& out) {
    ++at_;
    if (at_ == end_) return fail("the string does not end");
    switch (*at_++) {
    case '"': out += '"'; return true;
    case '\\': out += '\\'; return true;
    case '/': out += '/'; return true;
    case 'b': out += '\b'; return true;
    case 'f': out += '\f'; return true;
    case 'n': out += '\n'; return true;
    case 'r': out += '\r'; return true;
    case 't': out += '\t'; return true;
    case 'u': return parse_unicode_escape(out);
    default: return fail("unknown escape");
    }
  }

  bool parse_hex4(std::uint32_t& out) {
    if (end_ - at_ < 4) return fail("the string does not end");
    auto [stop, why] = std::from_chars(at_, at_ + 4, out, 16);
    if (why != std::errc{} || stop != at_ + 4) return fail("not four hexadecimal digits");
    at_ += 4;
    return true;
  }

  bool parse_unicode_escape(std::string& out) {
    std::uint32_t unit = 0;
    if (!parse_hex4(unit)) return false;
    if (unit >= 0xdc00 && unit <= 0xdfff) return fail("lone surrogate");
    if (unit >= 0xd800 && unit <= 0xdbff) {
      std::uint32_t low = 0;
      if (!take('\\') || !take('u')) return fail("lone surrogate");
      if (!parse_hex4(low)) return false;
      if (low < 0xdc00 || low > 0xdfff) return fail("lone surrogate");
      unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    }
    append_utf8(out, unit);
    return true;
  }

  bool parse_number(value& out) {
    const char* const start = at_;
    auto digits = [&] {
      const char* from = at_;
      while (at_ != end_ && *at_ >= '0' && *at_ <= '9') ++at_;
      return at_ != from;
    };
    const bool negative = take('-');
    bool integer = true;
    if (at_ != end_ && *at_ == '0') ++at_;
    else if (!digits()) return fail(negative ? "'-' without digits" : "not a JSON value");
    if (take('.')) {
      integer = false;
      if (!digits()) return fail("'.' without digits");
    }
    if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
      integer = false;
      ++at_;
      if (!take('+')) take('-');
      if (!digits()) return fail("exponent without digits");
    }
    std::int64_t number = 0;
    integer = integer && std::from_chars(start, at_, number).ec == std::errc{} && !(negative && number == 0) &&
              number <= limits::canonical_integer_max && number >= -limits::canonical_integer_max;
    if (integer) {
      out = value{number};
      return true;
    }
    if (numbers_ == number_policy::strict) return fail("not an integer within +-(2^53-1)", fault_code::not_canonical);
    out = value{number_text{std::string{start, at_}}};
    return true;
  }

  const char* const begin_;
  const char* at_;
  const char* const end_;
  const number_policy numbers_;
  std::size_t depth_max_;
  std::initializer_list<std::string_view> lists_ = {};
  const list_reader* take_ = nullptr; ///< null: nothing is a list
  values_bound values_bound_ = values_bound::of_the_document;
  std::size_t values_seen_ = 0;
  std::vector<value> items_;
  std::vector<member> members_;
  std::vector<sort_entry> order_;
  fault fault_;
};

result<value> parse(std::string_view text, number_policy numbers) { return builder{text, numbers}.run(); }

result<value> parse_deep(std::string_view text, number_policy numbers) {
  return builder{text, numbers, item_depth_max}.run();
}

result<object> parse_lists(std::string_view text, std::initializer_list<std::string_view> lists,
                           const list_reader& take, values_bound values, number_policy numbers) {
  return builder{text, numbers}.run_lists(lists, take, values);
}

result<object> parse_streamed(std::string_view text, std::initializer_list<std::string_view> streamed,
                              const item_reader& take, number_policy numbers) {
  const auto readable = [&](std::string_view list, result<value>&& item) {
    return !item || take(list, std::move(*item));
  };
  return parse_lists(text, streamed, readable, values_bound::of_each_item, numbers);
}

result<value> parse_readable(std::string_view text, std::initializer_list<std::string_view> lists,
                             number_policy numbers) {
  std::vector<std::pair<std::string, array>> kept;
  const auto keep = [&](std::string_view list, result<value>&& item) {
    if (!item) return true;
    if (kept.empty() || kept.back().first != list) kept.emplace_back(list, array{});
    kept.back().second.push_back(std::move(*item));
    return true;
  };
  auto document = parse_lists(text, lists, keep, values_bound::of_the_document, numbers);
  if (!document) return document.error();
  for (auto& [list, items] : kept) document->set(list, value{std::move(items)});
  return value{std::move(*document)};
}

bool is_utf8(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    if (static_cast<unsigned char>(*at) < 0x80) {
      ++at;
      continue;
    }
    auto bytes = utf8_sequence_bytes(at, end);
    if (bytes == 0) return false;
    at += bytes;
  }
  return true;
}

} // namespace causeway::matrix::json

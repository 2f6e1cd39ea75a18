#include "messages/matrix/json.hpp"

#include <algorithm>

namespace causeway::matrix::json {
namespace {

template <class Members>
auto position_of(Members& members, std::string_view key) {
  return std::lower_bound(members.begin(), members.end(), key,
                          [](const member& x, std::string_view wanted) { return x.key < wanted; });
}

/// Up to so many members one is found faster by looking at each: their lengths tell most of them apart.
constexpr std::size_t looked_through_max = 16;

} // namespace

object::object() = default;
object::object(const object&) = default;
object::object(object&&) noexcept = default;
object& object::operator=(const object&) = default;
object& object::operator=(object&&) noexcept = default;
object::~object() = default;

object::object(std::initializer_list<std::pair<std::string_view, value>> members) {
  members_.reserve(members.size());
  for (const auto& [key, mapped] : members) set(key, mapped);
}

const value* object::find(std::string_view key) const {
  if (members_.size() <= looked_through_max) {
    for (const auto& x : members_)
      if (x.key == key) return &x.mapped;
    return nullptr;
  }
  auto at = position_of(members_, key);
  return at != members_.end() && at->key == key ? &at->mapped : nullptr;
}

value* object::find(std::string_view key) { return const_cast<value*>(std::as_const(*this).find(key)); }

value& object::set(std::string_view key, value x) {
  auto at = position_of(members_, key);
  if (at != members_.end() && at->key == key) {
    at->mapped = std::move(x);
    return at->mapped;
  }
  return members_.insert(at, member{std::string{key}, std::move(x)})->mapped;
}

bool object::erase(std::string_view key) {
  auto at = position_of(members_, key);
  if (at == members_.end() || at->key != key) return false;
  members_.erase(at);
  return true;
}

std::size_t object::size() const { return members_.size(); }
bool object::empty() const { return members_.empty(); }
const member* object::begin() const { return members_.data(); }
const member* object::end() const { return members_.data() + members_.size(); }

bool object::change_each(const std::function<bool(value&)>& change) {
  return std::all_of(members_.begin(), members_.end(), [&](member& x) { return change(x.mapped); });
}
// Written out: defaulted ones of types that hold each other send clang 16 round in circles.
bool object::operator==(const object& x) const { return members_ == x.members_; }
bool member::operator==(const member& x) const { return key == x.key && mapped == x.mapped; }
bool value::operator==(const value& x) const { return content_ == x.content_; }

const value* value::find(std::string_view key) const {
  const auto* members = as_object();
  return members ? members->find(key) : nullptr;
}

const std::string* value::find_string(std::string_view key) const {
  const auto* x = find(key);
  return x ? x->as_string() : nullptr;
}

const std::int64_t* value::find_integer(std::string_view key) const {
  const auto* x = find(key);
  return x ? x->as_integer() : nullptr;
}

const bool* value::find_bool(std::string_view key) const {
  const auto* x = find(key);
  return x ? x->as_bool() : nullptr;
}

const array* value::find_array(std::string_view key) const {
  const auto* x = find(key);
  return x ? x->as_array() : nullptr;
}

const object* value::find_object(std::string_view key) const {
  const auto* x = find(key);
  return x ? x->as_object() : nullptr;
}

} // namespace causeway::matrix::json

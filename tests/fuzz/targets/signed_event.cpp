#include "messages/limits.hpp"
#include "messages/matrix/identifiers.hpp"
#include "messages/verifier.hpp"
#include "tests/fuzz/target.hpp"

#include <array>
#include <limits>
#include <memory>

using namespace causeway;
using namespace causeway::matrix;
using causeway::fuzz::must;

namespace {

constexpr std::string_view own = "here.example", other = "there.example";

signing_key key_of(char letter) { return *signing_key::from_seed(std::string(32, letter)); }

const key_ring& ring() {
  static const key_ring all = [] {
    key_ring keys;
    for (const auto& [server, letter] : {std::pair{own, 'h'}, {other, 't'}}) {
      const auto key = key_of(letter);
      verify_keys known;
      known[key.key_id()] = {key.public_key_base64(), std::numeric_limits<std::int64_t>::max(), false};
      keys[std::string{server}] = std::make_shared<const verify_keys>(std::move(known));
    }
    return keys;
  }();
  return all;
}

/// Whether `server` has signed what is kept, looked up and verified here anew, by the bytes of that form.
bool has_signed(const event& kept, std::string_view server) {
  const auto known = ring().find(server);
  const auto* signatures = kept.source.find("signatures");
  const auto* of_server = signatures ? signatures->find_object(server) : nullptr;
  if (known == ring().end() || !of_server) return false;
  const auto bytes = signed_bytes(kept.source, kept.rules());
  for (const auto& [id, signature] : *of_server)
    if (auto key = known->second->find(id);
        key != known->second->end() && signature.as_string() &&
        verify_signature(key->second.public_key_base64, *signature.as_string(), bytes))
      return true;
  return false;
}

/// A token of an identity server stands for the sender's signature, where it is part of what is kept.
bool redeems_token(const event& kept) {
  const auto* invite = kept.content().find("third_party_invite");
  return kept.type == "m.room.member" && kept.membership() == matrix::membership::invite && invite &&
         invite->find_object("signed");
}

void check_promise(const event& x) {
  const auto verdict = check_event(x, ring(), own);
  if (verdict != event_check::valid && verdict != event_check::bad_hash) return;
  const auto kept = verdict == event_check::valid ? std::make_shared<const event>(x) : redacted(x);
  const auto sender = server_name_of(kept->sender);
  must(has_signed(*kept, sender) || (redeems_token(*kept) && sender != own),
       "the sender's server has signed what is kept");
  if (sender == own) must(has_signed(*kept, own), "nothing in our name is kept without our signature");
  if (kept->rules().event_ids == event_id_format::given)
    must(has_signed(*kept, server_name_of(kept->event_id)), "the server that named it has signed it");
  const auto* via = kept->content().find("join_authorised_via_users_server");
  if (kept->rules().restricted_join && kept->membership() == matrix::membership::join && via && via->as_string())
    must(has_signed(*kept, server_name_of(*via->as_string())), "whoever lets the joiner in has signed it");
}

} // namespace

/// An event by the input, signed by one server or the other, then changed as its bytes say: it is taken only when every
/// signature that the form needs in which it is kept verifies. The first byte chooses the room version, the signer and
/// whether the hash is left as it was; an input that is no object is the text of a membership's content.
FUZZ_TARGET(signed_event) {
  if (input.size() < 2) return;
  const auto choice = static_cast<unsigned char>(input.front());
  const auto versions = room_versions();
  const auto& rules = versions[choice % versions.size()];
  const auto parsed = json::parse(input.substr(1), rules.number_policy());
  const auto* content = parsed ? parsed->as_object() : nullptr;
  if (!content) return;
  // As it came: nothing is signed unless the input has it so.
  if (const auto x = make_event(*content, rules)) check_promise(**x);
  for (const auto signer : {own, other}) {
    const auto key = key_of(signer == own ? 'h' : 't');
    for (const auto& sender : {std::string{"@u:"} + std::string{own}, std::string{"@u:"} + std::string{other}}) {
      json::object pdu{{"type", "m.room.member"},         {"room_id", "!r:here.example"}, {"sender", sender},
                       {"state_key", "@v:there.example"}, {"origin_server_ts", 1},        {"depth", 1},
                       {"prev_events", json::array{}},    {"auth_events", json::array{}}, {"content", *content}};
      const auto genuine = hash_and_sign(pdu, rules, signer, key);
      if (!genuine) continue;
      check_promise(**genuine);
      auto altered = (*genuine)->source;
      auto other_content = *content;
      other_content.set("third_party_invite", json::object{{"signed", json::object{}}});
      altered.set("content", std::move(other_content));
      if (const auto x = make_event(altered, rules)) check_promise(**x);
      altered.set("signatures", json::object{});
      if (const auto x = make_event(altered, rules)) check_promise(**x);
      altered.set("content", *content);
      if (const auto x = make_event(std::move(altered), rules)) check_promise(**x);
    }
  }
}

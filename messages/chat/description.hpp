#pragma once
#include "messages/chat/vocabulary.hpp"
#include "messages/edge/field.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// The chat contract as data: what the tables of CONTRACT.md and asyncapi.yaml are printed from. Made of the `fields`
/// of the same structs that the codec reads and writes.
namespace causeway::chat {

struct map_description;

/// One field of a body or header.
struct field_description {
  enum class type : std::uint8_t { text, id, user, bytes, boolean, number, word, texts_by_text, numbers_by_text, map };
  std::string key, says;
  type is = type::text;
  bool is_list = false;
  bool required = true;     ///< to be there when it is read; else absent and nil are the same as `by_default`
  bool always_there = true; ///< when the broker writes it
  edge::field bounds;       ///< `least` and `most` also say what the type can hold; number_unbounded: 64 bits
  bool is_signed = false;
  std::vector<std::string> words;
  std::string by_default;                       ///< as JSON; empty: there is none
  std::shared_ptr<const map_description> inner; ///< of `map`
};

struct map_description {
  std::string name;
  std::vector<field_description> fields;
};

struct command_description {
  std::string name, says;
  std::vector<remark> faults;
  map_description body, answer;
};

struct event_description {
  std::string name, says;
  bool is_durable = true;
  map_description body;
};

/// One verb of one side. `byte` is what stands in the second frame.
struct verb_description {
  std::string name; ///< "SEEK"
  char byte = 0;
  std::string from; ///< peer, broker or both
  std::string body; ///< what stands in the fourth frame; empty: nothing
  map_description header;
};

/// All of version 1, in the order of the variants.
const std::vector<command_description>& described_commands();
const std::vector<event_description>& described_events();
const std::vector<verb_description>& described_verbs();
const map_description& described_acknowledgement();
const map_description& described_fault();
/// Maps that stand in fields of others, each once: file, invitation, member...
std::vector<const map_description*> described_maps();
/// Answers, each once.
std::vector<const map_description*> described_answers();

} // namespace causeway::chat

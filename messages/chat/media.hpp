#pragma once
#include "messages/chat/vocabulary.hpp"

#include <cstdint>
#include <optional>
#include <string>

/// Files, part by part.
namespace causeway::chat {

struct media_put_answer {
  static constexpr const char* name = "media_put";
  std::string mxc;
  std::uint64_t received_bytes = 0;
  bool complete = false;

  static void fields(auto& f, auto& x) {
    f.required("mxc", x.mxc, "May be named from the first part on.");
    f.required("received_bytes", x.received_bytes, "Where the next part begins.");
    f.required("complete", x.complete, "The file is on disk, and others can have it.");
  }
};

struct media_get_answer {
  static constexpr const char* name = "media_get";
  std::string bytes;
  std::uint64_t total_bytes = 0;
  std::string content_type, file_name;

  static void fields(auto& f, auto& x) {
    f.blob("bytes", x.bytes, "", {.bytes_max = limits::media_part_bytes_max});
    f.required("total_bytes", x.total_bytes, "Of the whole file.");
    f.required("content_type", x.content_type);
    f.required("file_name", x.file_name);
  }
};

struct media_available {
  static constexpr const char* name = "media.available";
  static constexpr const char* says = "A file that `media.get` could not have is here now: show it in its place.";
  std::string mxc;

  static void fields(auto& f, auto& x) { f.required("mxc", x.mxc, "For `media.get`."); }
};

struct media_put {
  static constexpr const char* name = "media.put";
  static constexpr const char* says =
    "A part of a file for the broker's media store; see *Files*. Carried out anew each time.";
  static constexpr remark faults[] = {
    {fault_code::conflict, "a part that leaves a gap, or other bytes for the same place"},
    {fault_code::too_large, "more than `media.upload_bytes_max`"}};
  using answered_by = media_put_answer;
  std::string upload;
  std::uint64_t offset = 0;
  std::string bytes;
  std::uint64_t total_bytes = 0;
  std::optional<std::string> content_type;
  std::optional<std::string> file_name;

  static void fields(auto& f, auto& x) {
    f.id("upload", x.upload, "Your id of the file; the same id is the same mxc for ever.");
    f.required("offset", x.offset, "Of the first byte of `bytes` in the file.");
    f.optional_blob("bytes", x.bytes, "None: nothing is added, the answer tells how far it is.",
                    {.bytes_max = limits::media_part_bytes_max});
    f.required("total_bytes", x.total_bytes, "Of the whole file.");
    f.optional("content_type", x.content_type, "",
               {.bytes_max = limits::identifier_bytes_max, .has = edge::form::media_type});
    f.optional("file_name", x.file_name, "", {.bytes_max = short_text_bytes_max});
  }
  std::optional<broken_rule> broken() const;
};

struct media_get {
  static constexpr const char* name = "media.get";
  static constexpr const char* says = "A part of a file of the broker's store or of another server's, which is fetched "
                                      "whole first; see *Files*. Carried out "
                                      "anew each time.";
  static constexpr remark faults[] = {{fault_code::not_found, "its server has no such file"}};
  using answered_by = media_get_answer;
  std::string mxc;
  std::uint64_t offset = 0;
  std::uint64_t length = limits::media_part_bytes_max;

  static void fields(auto& f, auto& x) {
    f.required("mxc", x.mxc, "", {.bytes_max = short_text_bytes_max, .has = edge::form::mxc});
    f.optional("offset", x.offset);
    f.optional("length", x.length, "Less comes at the end of the file.",
               {.least = 1, .most = limits::media_part_bytes_max});
  }
};

} // namespace causeway::chat

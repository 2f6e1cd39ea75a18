#include "causeway_client.hpp"
#include "messages/limits.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

/// Files through the broker's media store: nothing holds a whole file.
namespace causeway::client {
namespace {

fault file_fault(const std::string& path) { return {fault_code::not_found, path + ": " + std::strerror(errno)}; }

} // namespace

result<std::string> client::upload(const std::string& path, const std::string& content_type, std::string upload_id,
                                   std::chrono::milliseconds timeout) {
  std::ifstream from{path, std::ios::binary | std::ios::ate};
  if (!from) return file_fault(path);
  chat::media_put part;
  part.upload = upload_id.empty() ? new_id() : std::move(upload_id);
  part.total_bytes = static_cast<std::uint64_t>(from.tellg());
  part.content_type = content_type;
  part.file_name = std::filesystem::path{path}.filename().string();
  // An upload that broke off goes on where it was: no bytes at the beginning ask for the place.
  for (;;) {
    const auto told = command(chat::command{part}, {}, timeout);
    if (!told) return told.error();
    auto answer = chat::decode_media_put_answer(*told);
    if (!answer) return answer.error();
    if (answer->complete) return std::move(answer->mxc);
    part.offset = answer->received_bytes;
    part.bytes.resize(std::min<std::uint64_t>(limits::media_part_bytes_max,
                                              part.total_bytes - std::min(part.offset, part.total_bytes)));
    from.seekg(static_cast<std::streamoff>(part.offset));
    if (part.bytes.empty() || !from.read(part.bytes.data(), static_cast<std::streamsize>(part.bytes.size())))
      return {fault_code::bad_body, path + " became shorter"};
  }
}

result<downloaded> client::download(const std::string& mxc, const std::string& path,
                                    std::chrono::milliseconds timeout) {
  std::ofstream to{path, std::ios::binary | std::ios::trunc};
  if (!to) return file_fault(path);
  chat::media_get wanted;
  wanted.mxc = mxc;
  for (;;) {
    const auto told = command(chat::command{wanted}, {}, timeout);
    if (!told) return told.error();
    auto answer = chat::decode_media_get_answer(*told);
    if (!answer) return answer.error();
    if (!to.write(answer->bytes.data(), static_cast<std::streamsize>(answer->bytes.size()))) return file_fault(path);
    wanted.offset += answer->bytes.size();
    if (wanted.offset >= answer->total_bytes) {
      to.close();
      if (!to) return file_fault(path);
      return downloaded{answer->total_bytes, std::move(answer->content_type), std::move(answer->file_name)};
    }
    if (answer->bytes.empty()) return {fault_code::bad_body, mxc + " ends too early"};
  }
}

} // namespace causeway::client

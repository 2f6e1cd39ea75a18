#pragma once
#include "plugin/media/media_service.hpp"

namespace causeway::media {

/// One file of another server on its way here, and who waits for it.
struct media_service::fetch {
  fetch(std::uint64_t number, std::string server, std::string media, std::uint64_t bytes_max, media_store& store)
      : id(number), server_name(std::move(server)), media_id(std::move(media)),
        incoming("fetch-" + std::to_string(number)), file(bytes_max, [this, &store](std::string_view bytes) {
          auto fine = store.files().write_incoming(incoming, written_bytes, bytes);
          if (fine) written_bytes += bytes.size();
          return fine;
        }) {}
  fetch(const fetch&) = delete;
  fetch& operator=(const fetch&) = delete;

  const std::uint64_t id;
  const std::string server_name, media_id;
  const std::string incoming; ///< name of the file it is written to
  std::uint64_t written_bytes = 0;
  remote_file file;
  std::uint64_t stream = 0; ///< of the request that is open
  time_ms until = 0;        ///< the answer is lost when it is not here by then
  std::vector<command_received> waiting;
};

} // namespace causeway::media

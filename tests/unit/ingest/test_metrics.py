"""What ingest's ``/metrics`` tells of speakers and their audio."""

from tests.figures import figures
from tests.unit.ingest.fakes import SAMPLES, Signer, acknowledged, frame, running, to_the_end


async def test_frames_are_counted_by_what_became_of_them_and_audio_as_kafka_has_it(signer: Signer) -> None:
    async with running(signer) as ingest, figures() as figure:
        session = await ingest.session()
        async with ingest.socket() as socket:
            await ingest.start(socket, session)
            await socket.send(frame(0))
            await acknowledged(socket, 0)
            await socket.send(frame(0))
            await acknowledged(socket, 0)
        assert await figure.grown("dragoman_ingest_frames_total") == {("delivered",): 1, ("repeated",): 1}
        assert await figure.grown("dragoman_ingest_audio_bytes_total") == {(): 2 * SAMPLES}
        assert await figure.grown("dragoman_ingest_ack_seconds_count") == {(): 1}


async def test_speakers_are_counted_while_they_are_there_and_by_how_they_left(signer: Signer) -> None:
    async with running(signer) as ingest, figures() as figure:
        before = await figure.value("dragoman_ingest_sockets")
        async with ingest.socket() as socket:
            await ingest.start(socket, await ingest.session())
            assert await figure.value("dragoman_ingest_sockets") == before + 1
            await socket.send(frame(7))
            await to_the_end(socket)
        assert await figure.grown("dragoman_ingest_sockets_closed_total") == {("4400",): 1}
        assert await figure.value("dragoman_ingest_sockets") == before

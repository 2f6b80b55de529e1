export { decodeBatch, encodeBatch, FrameFormatError } from './frame-codec.js';
export {
  FramePublisher,
  type FramePublisherOptions,
  type FrameWriter,
  type ResponseAddress,
} from './frame-publisher.js';
export { FrameSubscriber, type FrameSubscriberOptions } from './frame-subscriber.js';
export { type ResponseRequests, ResponseStream } from './response-stream.js';

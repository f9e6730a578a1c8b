"""What is understood and what is answered: STT, sentences, skills, safety, TTS."""
